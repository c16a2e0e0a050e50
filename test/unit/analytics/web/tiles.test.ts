import assert from 'node:assert/strict';
import { originOf, tilesOf } from '../../../../analytics/web/tiles.js';

const URL_OF_TILES = 'https://tiles.example.org:8443/roads/{z}/{x}/{y}.png';

describe('tiles under the fleet', () => {
  it('are none where none are named', () => {
    assert.equal(tilesOf(undefined, undefined), undefined);
  });

  it('come from one origin, which alone the page may ask', () => {
    const tiles = tilesOf(URL_OF_TILES, '© OpenStreetMap contributors');
    assert.ok(tiles !== undefined);
    assert.equal(originOf(tiles), 'https://tiles.example.org:8443');
  });

  for (const [what, address, attribution] of [
    ['without a place for the row', 'https://tiles.example.org/{z}/{x}.png', 'x'],
    ['of another scheme', 'ftp://tiles.example.org/{z}/{x}/{y}.png', 'x'],
    ['whose host is not said', 'https://{s}.example.org/{z}/{x}/{y}.png', 'x'],
    ['that nobody is thanked for', URL_OF_TILES, undefined],
  ] as const)
    it(`are refused ${what}`, () => {
      assert.throws(() => tilesOf(address, attribution), { code: 'CONFIG_INVALID' });
    });
});
