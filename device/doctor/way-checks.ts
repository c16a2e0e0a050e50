import { ageText, bytesText, durationText } from './age-text.js';
import { ofWhat } from './words.js';
import { fault, note, ok, warning, type Check, type Finding } from './findings.js';
import type { Observations } from './observations.js';

/** More than some seconds of driving. */
const MANY_PENDING = 120;
const OLD_PENDING_MS = 600_000;
/** Of its bound; beyond it the oldest reports are given up. */
const NEARLY_FULL = 0.8;
const SLOW_MS = 1_500;

function agent({ agent: seen, vehicle }: Observations): Finding {
  switch (seen.at) {
    case 'off':
      return note(
        'no agent runs on this machine',
        'what follows was measured by the doctor itself',
        'sudo systemctl enable --now edgetwin-device, once all is well',
      );
    case 'told': {
      const { vehicle: name, boot, acknowledged } = seen.status;
      return ok(`it runs as ${name}, start ${boot}, ${acknowledged} reports acknowledged since then`);
    }
    case 'mute':
      return warning(
        `an agent runs${vehicle === undefined ? '' : ` for ${vehicle}`} (process ${seen.pid}), and ` +
          (seen.why === 'no-listen' ? 'nobody can ask it' : 'it does not answer'),
        'it has the adapter and the socket; the doctor does not fight over them, and sees less',
        seen.why === 'no-listen'
          ? 'set EDGETWIN_HTTP_LISTEN=127.0.0.1:7100 and restart it; or sudo systemctl stop edgetwin-device while the doctor looks'
          : 'journalctl -u edgetwin-device -n 50; then sudo systemctl restart edgetwin-device',
      );
  }
}

function outbox({ outbox: seen, vehicle, agent: { at } }: Observations): Finding | undefined {
  switch (seen.at) {
    case 'none':
      return undefined;
    case 'missing':
      return note(
        `${seen.folder} is not there`,
        'no agent has begun to work with it',
        'the first start of one makes it',
      );
    case 'unreadable':
      return warning(
        `${seen.folder}: ${seen.say}`,
        seen.code === 'EACCES' ? 'only the agent’s own user may look into it' : 'what waits in it cannot be told',
        seen.code === 'EACCES' ? 'sudo edgetwin doctor' : 'look at the disk: dmesg, df -h',
      );
    case 'seen': {
      const { pending, oldestMs, bytes, maxBytes, damagedBytes, freeBytes, failing, folder } = seen;
      const oldest = oldestMs === undefined || pending === 0 ? '' : `, the oldest ${ageText(oldestMs)}`;
      const shown = `${pending === 1 ? 'one report waits' : `${pending} reports wait`}${oldest}; ${bytesText(bytes)} of ${bytesText(maxBytes)}`;
      if (seen.vehicle !== undefined && vehicle !== undefined && seen.vehicle !== vehicle)
        return fault(
          `${folder} belongs to ${seen.vehicle}, not to ${vehicle}`,
          'the agent refuses to start with it',
          'set EDGETWIN_VEHICLE or EDGETWIN_STATE to what they were',
        );
      if (failing === true)
        return fault(
          `the disk does not take what the agent writes; ${shown}`,
          'it is full, worn out, or mounted read-only; reports wait in memory, some minutes long',
          'df -h; mount | grep ro,; replace the card',
        );
      if (freeBytes !== undefined && freeBytes < maxBytes - bytes)
        return warning(
          `${shown}; ${bytesText(freeBytes)} are free on the disk`,
          'the disk will be full before the outbox is',
          'make room, or lower outbox.maxBytes',
        );
      if (bytes > NEARLY_FULL * maxBytes && pending > 0)
        return warning(
          shown,
          'soon the oldest reports are given up, and declared as missing',
          'bring the car where there is a network',
        );
      if (damagedBytes > 0)
        return note(
          `${shown}; ${damagedBytes} bytes are damaged`,
          'the power went while it was written; what is gone was declared',
        );
      if (pending > MANY_PENDING || (oldestMs ?? 0) > OLD_PENDING_MS)
        return warning(
          shown,
          at === 'off'
            ? 'nobody sends them while no agent runs; they are safe'
            : 'the twin is not to be reached, or more is read than the network takes',
          at === 'off' ? 'start the agent' : 'see twin and manager below; nothing is lost until the outbox is full',
        );
      return ok(shown);
    }
  }
}

function manager({ manager: seen, twin: { at } }: Observations): Finding | undefined {
  if (seen.at === 'none') return undefined;
  const { reached, away } = seen;
  const answers = reached.map(({ url, rttMs }) => `${url} answers in ${durationText(rttMs)}`);
  const silent = away.map(({ url, say }) => ofWhat(url, say));
  const shown = [...answers, ...silent].join('; ');
  if (away.length === 0) return ok(shown);
  if (reached.length > 0) return note(shown, 'another one leads, or will; one of them is enough');
  const isRegistered = at !== 'none';
  return (isRegistered ? warning : fault)(
    shown,
    isRegistered
      ? 'reports go on to the twin; only a new registration needs the manager'
      : 'without it the vehicle gets no twin, and nothing is sent',
    'look whether the network is up (ping -c 3 of its address), and whether manager.url is right',
  );
}

function twin({ twin: seen, manager: managers }: Observations): Finding {
  const isNetworkUp = managers.at === 'asked' && managers.reached.length > 0;
  const isNobodyAsked = managers.at === 'none';
  switch (seen.at) {
    case 'none':
      return note(
        'no twin is known',
        'the vehicle was never registered from this folder',
        'the agent does it when it starts',
      );
    case 'held':
      return note(
        `${seen.address} was not asked`,
        'the running agent talks to it, and cannot be asked how fast it answers',
      );
    case 'silent':
      return fault(
        ofWhat(seen.address, seen.say),
        isNetworkUp
          ? 'the manager is there, and UDP to the twin gets lost: a firewall, another network, or the switch does not know the car'
          : isNobodyAsked
            ? 'the network is down, or UDP to the twin gets lost: no manager is set that could tell which'
            : 'the network is down',
        isNetworkUp
          ? 'look whether this machine sends by the vehicle’s own interface (ip route get the address); edgetwin sdn vehicles shows what the switch knows'
          : 'ip address; ip route; nothing is lost meanwhile: reports wait on the disk',
      );
    case 'answered': {
      const who = seen.by === 'agent' ? ' (as the agent has it)' : '';
      const shown = `${seen.address} answers in ${durationText(seen.rttMs)}${who}`;
      if (seen.rttMs <= SLOW_MS) return ok(shown);
      return warning(shown, 'the radio link is poor, or busy with a backlog', 'a better antenna, or another network');
    }
  }
}

export const AGENT_CHECKS: readonly Check[] = [{ name: 'agent', look: agent }];
export const WAY_CHECKS: readonly Check[] = [
  { name: 'outbox', look: outbox },
  { name: 'manager', look: manager },
  { name: 'twin', look: twin },
];
