import { SQLite } from '@hocuspocus/extension-sqlite';
import { Server } from '@hocuspocus/server';

// Runs Hocuspocus as its documentation shows it. The file of the database is the only argument.

const [database] = process.argv.slice(2);
if (database === undefined) throw new Error('Name the file of the database.');
const server = new Server({ port: 0, address: '127.0.0.1', quiet: true, extensions: [new SQLite({ database })] });
await server.listen();
console.log(`listening at ${server.address.port}`);
