import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doctorConfig, parseEnvFile } from '../../../../device/doctor/settings.js';

describe('settings of the doctor', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'edgetwin-doctor-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are those of the service, flags and environment before them', async () => {
    const file = join(folder, 'device.env');
    await writeFile(
      file,
      '# the car\nEDGETWIN_VEHICLE=car-1\nEDGETWIN_GPSD="127.0.0.1:2947"\nEDGETWIN_OBD_BAUD=9600\nPATH=/x\n',
    );
    const env = { EDGETWIN_OBD_BAUD: '38400' };
    const config = doctorConfig(['--env-file', file, '--vehicle', 'car-2'], env);
    assert.deepEqual(
      [config.vehicle, config.gpsd?.port, config['obd.baud'], config.state],
      ['car-2', 2947, '38400', undefined],
    );
    assert.equal(doctorConfig([`--env-file=${file}`, '--json'], {}).json, true);
  });

  it('that cannot be read, or are unknown, are named', async () => {
    const file = join(folder, 'device.env');
    assert.throws(() => doctorConfig(['--env-file', file], {}), { code: 'CONFIG_INVALID', message: /device\.env/ });
    assert.throws(() => doctorConfig(['--env-file'], {}), { code: 'CONFIG_INVALID' });
    await writeFile(file, 'EDGETWIN_OBD_BAUDS=1\n');
    assert.throws(() => doctorConfig(['--env-file', file], {}), {
      code: 'CONFIG_INVALID',
      message: /EDGETWIN_OBD_BAUDS is unknown/,
    });
  });

  it('may be quoted, commented and blank, as systemd has them', () =>
    assert.deepEqual(parseEnvFile(" EDGETWIN_A = 1 \n;EDGETWIN_B=2\n\nEDGETWIN_C='x y'\nEDGETWIN_D=\nOTHER=1"), {
      EDGETWIN_A: '1',
      EDGETWIN_C: 'x y',
      EDGETWIN_D: '',
    }));
});
