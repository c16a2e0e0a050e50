"""Unit tests of the app, on the standard library's unittest; they hold it against Ryu's own parser and packer."""
