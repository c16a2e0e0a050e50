import { connect, createServer } from 'node:net';

/** `node door-child.js SOCKET ADDRESS PORT`: what comes in by a socket of the file system goes to a TCP address of this network. */
const [path = '', address = '', port = ''] = process.argv.slice(2);
createServer(from => {
  const to = connect(Number(port), address);
  from.pipe(to).pipe(from);
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.on('close', () => to.destroy());
  to.on('close', () => from.destroy());
}).listen(path, () => process.stdout.write('ready\n'));
