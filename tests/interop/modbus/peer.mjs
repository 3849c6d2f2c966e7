// The npm peers of node_peers_test.cpp, one process each:
//   node peer.mjs server NAME [PATH]   prints "ready" or "ready PORT", serves until it is ended
//   node peer.mjs client NAME PLACE    asks everything the library can, prints one JSON object, ends
// NAME is <library>-<transport>; PLACE a loopback port or the path of a terminal.
import net from 'node:net';
import jsmodbus from 'jsmodbus';
import modbusSerial from 'modbus-serial';
import { SerialPort } from 'serialport';

const ModbusRTU = modbusSerial.default ?? modbusSerial;
const unit = 17;
const bits = 64;
const registers = 160;
// As Memory::initial() in register_device.cpp.
const memory = {
  coils: Array.from({ length: bits }, (_, i) => Math.floor((i * i) / 3) % 2 === 1),
  discrete: Array.from({ length: bits }, (_, i) => Math.floor((i * i) / 5) % 2 === 1),
  holding: Array.from({ length: registers }, (_, i) => (i * 257 + 11) & 0xffff),
  input: Array.from({ length: registers }, (_, i) => 0xffff - i * 31),
};
const identification = { 0: 'Duheng', 1: 'DH-1', 2: 'V0.1' };

const at = (table, address) => {
  if (address < table.length) return table[address];
  throw Object.assign(new Error('no such address'), { modbusErrorCode: 2 });
};
const vector = {
  getCoil: (address) => at(memory.coils, address),
  getDiscreteInput: (address) => at(memory.discrete, address),
  getHoldingRegister: (address) => at(memory.holding, address),
  getInputRegister: (address) => at(memory.input, address),
  setCoil: (address, value) => void (memory.coils[address] = value),
  setRegister: (address, value) => void (memory.holding[address] = value),
  readDeviceIdentification: () => identification,
};

const packedBits = (table) => {
  const out = Buffer.alloc(Math.ceil(table.length / 8));
  table.forEach((bit, i) => {
    if (bit) out[i >> 3] |= 1 << (i & 7);
  });
  return out;
};
const words = (table) => {
  const out = Buffer.alloc(table.length * 2);
  table.forEach((word, i) => out.writeUInt16BE(word, 2 * i));
  return out;
};
const jsmodbusTables = () => ({
  coils: packedBits(memory.coils),
  discrete: packedBits(memory.discrete),
  holding: words(memory.holding),
  input: words(memory.input),
});

// What a driver must read out of these stands in driver_node_test.cpp.
const plantRegisters = () => {
  const out = Buffer.alloc(2 * 24);
  out.writeFloatBE(21.5, 2 * 0);
  const lowWordFirst = Buffer.alloc(4);
  lowWordFirst.writeFloatBE(-273.15);
  lowWordFirst.copy(out, 2 * 2, 2, 4);
  lowWordFirst.copy(out, 2 * 3, 0, 2);
  out.writeDoubleBE(0.1, 2 * 4);
  out.writeInt32BE(-123456, 2 * 8);
  out.writeUInt32BE(4000000000, 2 * 10);
  out.writeInt16BE(-125, 2 * 12);
  out.writeFloatBE(NaN, 2 * 14);
  out.writeBigUInt64BE(9007199254740993n, 2 * 16);
  return out;
};
/** Input registers that misbehave, by address; `first` says whether this one is asked for the first time. */
const misbehaviour = {
  1000: () => new Promise(() => {}),
  1001: (first) => (first ? new Promise((resolve) => setTimeout(() => resolve(7), 1500)) : 8),
  1002: (first, hangUp) => (first ? hangUp() : 9),
  1003: () => {
    throw Object.assign(new Error('busy'), { modbusErrorCode: 6 });
  },
  1004: () => {
    throw new Error('an error without a code');
  },
  1005: () => new Promise((resolve) => setTimeout(() => resolve(10), 200)),
};

const openSerial = (port) => new Promise((resolve, reject) => port.open((fault) => (fault ? reject(fault) : resolve())));
const serialPort = (path) => new SerialPort({ path, baudRate: 115200, autoOpen: false });
const connect = (socket, port) =>
  new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect({ host: '127.0.0.1', port: Number(port) }, resolve);
  });
const freePort = () =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const servers = {
  'modbus-serial-tcp': async () => {
    const port = await freePort();
    const server = new ModbusRTU.ServerTCP(vector, { host: '127.0.0.1', port, unitID: unit });
    server.on('initialized', () => console.log(`ready ${port}`));
  },
  // Values in other forms than whole registers, and registers that answer late, never, or by hanging up.
  'modbus-serial-plant': async () => {
    const port = await freePort();
    const plant = plantRegisters();
    const asked = new Set();
    const hangUp = () => {
      server.socks.forEach((_, socket) => socket.destroy());
      return new Promise(() => {});
    };
    const getInputRegister = (address) => {
      if (address in misbehaviour) {
        const first = !asked.has(address);
        asked.add(address);
        return misbehaviour[address](first, hangUp);
      }
      if (2 * address + 2 > plant.length) throw Object.assign(new Error('no such address'), { modbusErrorCode: 2 });
      return plant.readUInt16BE(2 * address);
    };
    const server = new ModbusRTU.ServerTCP({ ...vector, getInputRegister }, { host: '127.0.0.1', port, unitID: unit });
    server.on('initialized', () => console.log(`ready ${port}`));
  },
  'modbus-serial-rtu': async (path) => {
    const server = new ModbusRTU.ServerSerial(vector, { path, baudRate: 115200, unitID: unit, interval: 50 });
    server.on('initialized', () => console.log('ready'));
  },
  'jsmodbus-tcp': async () => {
    const listener = new net.Server();
    new jsmodbus.server.TCP(listener, jsmodbusTables());
    listener.listen(0, '127.0.0.1', () => console.log(`ready ${listener.address().port}`));
  },
  'jsmodbus-rtu': async (path) => {
    const port = serialPort(path);
    new jsmodbus.server.RTU(port, jsmodbusTables());
    await openSerial(port);
    console.log('ready');
  },
};

/** The same questions in the names of modbus-serial. */
async function askWithModbusSerial(open, abilities) {
  const client = new ModbusRTU();
  await open(client);
  client.setID(unit);
  client.setTimeout(8000);
  const out = {};
  out.coils = (await client.readCoils(3, 19)).data.slice(0, 19);
  out.discrete = (await client.readDiscreteInputs(0, 64)).data.slice(0, 64);
  out.holding = (await client.readHoldingRegisters(10, 125)).data;
  out.input = (await client.readInputRegisters(159, 1)).data;
  await client.writeCoil(5, true);
  await client.writeRegister(20, 0xbeef);
  await client.writeCoils(30, [true, false, true, true, false, false, false, true, true, true, false]);
  await client.writeRegisters(37, Array(100).fill(0xa55a));
  if (abilities.mask) await client.maskWriteRegister(10, 0x00f2, 0x2525);
  if (abilities.readWrite) out.read_write = (await client.readWriteRegisters(140, 4, 141, 2, [7, 8])).data;
  if (abilities.identification) out.identification = Object.values((await client.readDeviceIdentification(1, 0)).data);
  if (abilities.serverId) out.server_id = (await client.reportServerID(0, 0)).serverId;
  out.exception = await client.readHoldingRegisters(5000, 1).then(
    () => null,
    (fault) => fault.modbusCode,
  );
  out.holding_after = (await client.readHoldingRegisters(0, 125)).data;
  client.close(() => {});
  return out;
}

async function askWithJsmodbus(client, socket) {
  const answer = async (promise) => (await promise).response.body;
  const out = {};
  out.coils = (await answer(client.readCoils(3, 19))).valuesAsArray.slice(0, 19).map(Boolean);
  out.discrete = (await answer(client.readDiscreteInputs(0, 64))).valuesAsArray.slice(0, 64).map(Boolean);
  out.holding = Array.from((await answer(client.readHoldingRegisters(10, 125))).valuesAsArray);
  out.input = Array.from((await answer(client.readInputRegisters(159, 1))).valuesAsArray);
  await client.writeSingleCoil(5, true);
  await client.writeSingleRegister(20, 0xbeef);
  await client.writeMultipleCoils(30, [true, false, true, true, false, false, false, true, true, true, false]);
  await client.writeMultipleRegisters(37, Array(100).fill(0xa55a));
  out.exception = await client.readHoldingRegisters(5000, 1).then(
    () => null,
    (fault) => fault.response?.body?.code ?? null,
  );
  out.holding_after = Array.from((await answer(client.readHoldingRegisters(0, 125))).valuesAsArray);
  (socket.end ?? socket.close).call(socket);
  return out;
}

// What each of its ports knows the answer's length of; with any other function it waits for ever.
const everything = { mask: true, readWrite: true, identification: true, serverId: true };
const withRtuPort = { identification: true };
const withAsciiPort = {};
const withRtuOverTcp = {};
const clients = {
  'modbus-serial-tcp': (port) =>
    askWithModbusSerial((client) => client.connectTCP('127.0.0.1', { port: Number(port) }), everything),
  'modbus-serial-rtu': (path) => askWithModbusSerial((client) => client.connectRTUBuffered(path, { baudRate: 115200 }), withRtuPort),
  'modbus-serial-rtu-over-tcp': (port) =>
    askWithModbusSerial((client) => client.connectTelnet('127.0.0.1', { port: Number(port) }), withRtuOverTcp),
  'modbus-serial-ascii': (path) => askWithModbusSerial((client) => client.connectAsciiSerial(path, { baudRate: 115200 }), withAsciiPort),
  'jsmodbus-tcp': async (port) => {
    // It learns of the connection by the socket's events: the client first, then the connection.
    const socket = new net.Socket();
    const client = new jsmodbus.client.TCP(socket, unit, 8000);
    await connect(socket, port);
    return askWithJsmodbus(client, socket);
  },
  'jsmodbus-rtu': async (path) => {
    const port = serialPort(path);
    const client = new jsmodbus.client.RTU(port, unit, 8000);
    await openSerial(port);
    return askWithJsmodbus(client, port);
  },
};

const [, , role, name, place] = process.argv;
if (role === 'server') {
  await servers[name](place);
} else {
  console.log(JSON.stringify(await clients[name](place)));
  process.exit(0);
}
