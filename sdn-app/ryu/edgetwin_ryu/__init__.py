"""The Ryu app of edgetwin: translates between the WebSocket of sdn-app and OpenFlow 1.3, and decides nothing."""
