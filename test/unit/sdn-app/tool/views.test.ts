import assert from 'node:assert/strict';
import type { SwitchCheck } from '../../../../protocol/api/sdn-app.js';
import { checkText, flowsText } from '../../../../sdn-app/tool/views.js';

describe('what sdn check says', () => {
  const none: SwitchCheck = { connected: false, flows: [], drops: {}, missing: 0, foreign: 0, switches: [] };
  const away: SwitchCheck = {
    ...none,
    switches: [{ datapath: 1, state: 'away', drops: {}, missing: 0, foreign: 0 }],
  };
  const standing = { switches: [], tickets: {} };
  const read = { datapath: 1, state: 'read', drops: {}, missing: 0, foreign: 0 } as const;

  it('does not call a switch that was not read a good one', () => {
    assert.match(checkText(away, { ...standing, at: 'active', term: 3 }), /^no switch was read$/m);
    const one = { ...none, switches: [read] };
    assert.match(checkText(one, { ...standing, at: 'active', term: 3 }), /^every switch that was read holds/m);
  });

  it('does not call a stand-by active', () => {
    assert.match(checkText(away, { ...standing, at: 'standby' }), /^sdn-app: stand-by, and nobody is active$/m);
    assert.match(checkText(away, { ...standing, at: 'active', term: 3 }), /^sdn-app: active in term 3$/m);
  });
});

describe('what sdn flows says', () => {
  const flow = { datapath: 1, table: 0, priority: 1, kind: 'base', vehicle: 0, epochLow: 0, packets: 7 };
  const of = (matches: string[], does: string[]): string => flowsText([{ ...flow, matches, does }], new Map());

  it('names the match and the actions of each flow', () => {
    assert.match(of(['from port 3', 'udp'], ['table 1']), /packets +match +actions$/m);
    assert.match(of(['from port 3', 'udp'], ['VLAN 1', 'table 1']), / 7 +from port 3, udp +VLAN 1, table 1$/m);
  });

  it('says what a flow without a match or an action means', () => assert.match(of([], []), / 7 +any packet +drop$/m));
});
