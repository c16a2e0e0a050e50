import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../common/clock.js';
import { openNbi, type NbiOptions } from '../../../lab/nbi/server.js';
import { Login } from '../../../md-manager/mano/osm/login.js';
import { Northbound } from '../../../md-manager/mano/osm/northbound.js';
import { onboard, vimIdOf } from '../../../md-manager/mano/osm/onboard.js';
import { scaleGroupOf, vduOf, vxfOf } from '../../../md-manager/mano/osm/packages/vxf.js';
import type { Operation } from '../../../md-manager/mano/osm/records.js';
import { NbiTransport, type TransportOptions } from '../../../md-manager/mano/osm/transport.js';
import { until } from '../../fakes/eventually.js';
import { fakeClock } from '../../fakes/fake-clock.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../../fakes/test-certificate.js';

const ADMIN = { user: 'admin', password: 'admin', project: 'admin' };
const vmd = vxfOf('vmd')!;
const VIM = {
  ...{ vim_type: 'openstack', vim_url: 'http://10.0.0.1:5000/v3', vim_tenant_name: 't', vim_user: 'u' },
  vim_password: 'p',
};
const outcomeOf = ({ outcome }: Operation): string | undefined => (outcome === 'going-on' ? undefined : outcome);

async function client(options: NbiOptions, transportOptions: Partial<TransportOptions> = {}, clock = systemClock) {
  const nbi = await openNbi(options);
  const transport = await NbiTransport.open({ url: nbi.url, tls: { kind: 'system' }, ...transportOptions });
  return {
    nbi,
    transport,
    northbound: new Northbound(new Login(transport, ADMIN, clock)),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await nbi[Symbol.asyncDispose]();
    },
  };
}

describe('the client of the northbound interface', () => {
  it('logs in once for many calls at once', async () => {
    await using under = await client({ release: 'R8' });
    await Promise.all(Array.from({ length: 20 }, () => under.northbound.list()));
    assert.equal(under.nbi.tokens.logins, 1);
  });

  it('logs in again before its token ends, and when it was forgotten, and sends the call once more', async () => {
    const clock = fakeClock();
    await using under = await client({ release: 'R19', clock }, {}, clock);
    await under.northbound.list();
    await clock.advance(3_550_000);
    await under.northbound.list();
    assert.equal(under.nbi.tokens.logins, 2);
    under.nbi.tokens.revoke();
    await Promise.all([under.northbound.list(), under.northbound.vims()]);
    assert.ok(under.nbi.tokens.logins <= 4);
  });

  it('tells a wrong password in the words of the interface', async () => {
    await using under = await client({ release: 'R8', password: 'other' });
    await assert.rejects(under.northbound.list(), { code: 'MANO_REFUSED', message: /Invalid username\/password/ });
  });

  it('has at most so many calls open as it was told', async () => {
    await using under = await client({ release: 'R8' }, { parallel: 3 });
    under.nbi.trouble = () => ({ laterMs: 5 });
    await Promise.all(Array.from({ length: 12 }, () => under.northbound.list()));
    assert.equal(under.nbi.mostAtOnce, 3);
  });

  it('names what it is refused: not there, not now, not in this release, away, too late', async () => {
    await using under = await client({ release: 'R8' }, { timeoutMs: 200 });
    const { northbound, nbi } = under;
    const id = '11111111-1111-4111-8111-111111111111';
    await assert.rejects(northbound.ns(id), { code: 'NOT_FOUND' });
    await assert.rejects(northbound.heal(id, id, 'vmd-vm', 'x'), { code: 'MANO_UNSUPPORTED' });
    nbi.trouble = () => ({ status: 503 });
    await assert.rejects(northbound.list(), { code: 'MANO_AWAY' });
    nbi.trouble = () => 'away';
    await assert.rejects(northbound.list(), { code: 'MANO_AWAY' });
    nbi.trouble = () => ({ laterMs: 1_000 });
    await assert.rejects(northbound.list(), { code: 'DEADLINE' });
  });

  for (const release of ['R5', 'R8', 'R19'] as const)
    it(`onboards packages in the model that ${release} takes, once, and again when asked to`, async () => {
      await using under = await client({ release });
      const first = await onboard(under.northbound, vmd);
      assert.equal(first.model, release === 'R19' ? 'sol006' : 'native');
      assert.deepEqual(first.uploaded, ['vmd_vnf', 'vmd_ns']);
      const second = await onboard(under.northbound, vmd);
      assert.deepEqual(second, { ...first, uploaded: [] });
      const third = await onboard(under.northbound, vmd, { replace: true });
      assert.deepEqual(third, first);
    });

  for (const release of ['R5', 'R8', 'R19'] as const)
    it(`orders in two steps, scales and heals as far as ${release} can`, async () => {
      await using under = await client({ release, endingOf: () => ({ ms: 1, state: 'COMPLETED' }) });
      const { northbound, nbi } = under;
      const vimId = await northbound.addVim({ name: 'edge-1', ...VIM });
      nbi.enableVims();
      const { nsdId } = await onboard(northbound, vmd);
      const params = Object.fromEntries(Object.keys(vmd.params).map(word => [word, 'x']));
      const order = { name: 'n', description: '', nsdId, vimId, params, network: 'twins' };
      const final = (id: string) => until(async () => outcomeOf(await northbound.operation(id)));
      const nsId = await northbound.create(order);
      assert.deepEqual([(await northbound.ns(nsId)).instantiated, (await northbound.ns(nsId)).nsd], [false, 'vmd_ns']);
      assert.equal(await final(await northbound.instantiateCreated(nsId, order)), 'done');
      assert.deepEqual([(await northbound.ns(nsId)).ready, nbi.lcm.machines.size], [true, 1]);
      for (const direction of ['SCALE_OUT', 'SCALE_IN'] as const)
        assert.equal(await final(await northbound.scale(nsId, scaleGroupOf(vmd), direction)), 'done');
      const [vnfId = ''] = await northbound.functionsOf(nsId);
      const heal = northbound.heal(nsId, vnfId, vduOf(vmd), 'by the test');
      if (release === 'R19') assert.equal(await final(await heal), 'done');
      else await assert.rejects(heal, { code: 'MANO_UNSUPPORTED' });
      await assert.rejects(northbound.instantiateCreated(nsId, order), { code: 'MANO_CONFLICT' });
    });

  it('takes a VIM account by its name, once it can be used', async () => {
    await using under = await client({ release: 'R19' });
    await assert.rejects(vimIdOf(under.northbound, 'edge-1'), {
      code: 'MANO_REFUSED',
      message: /no VIM account edge-1/,
    });
    const id = await under.northbound.addVim({ name: 'edge-1', ...VIM });
    await assert.rejects(vimIdOf(under.northbound, 'edge-1'), { code: 'MANO_CONFLICT' });
    under.nbi.enableVims();
    assert.equal(await vimIdOf(under.northbound, 'edge-1'), id);
  });

  describe('over TLS', () => {
    let folder: string;
    before(async () => void (folder = await mkdtemp(join(tmpdir(), 'edgetwin-'))));
    after(() => rm(folder, { recursive: true }));
    const tls = { key: TEST_KEY, cert: TEST_CERTIFICATE };

    it('believes the pinned certificate, anybody when told to by name, and else nobody unknown', async () => {
      const caFile = join(folder, 'ca.pem');
      await writeFile(caFile, TEST_CERTIFICATE);
      for (const [trust, works] of [
        [{ kind: 'pinned', caFile }, true],
        [{ kind: 'insecure' }, true],
        [{ kind: 'system' }, false],
      ] as const) {
        await using under = await client({ release: 'R19', tls }, { tls: trust });
        if (works) assert.deepEqual(await under.northbound.list(), []);
        else await assert.rejects(under.northbound.list(), { code: 'MANO_AWAY', message: /self-signed/ });
      }
    });
  });
});
