// Everybody who can call the API, and how each comes by the token that says so.
import { createHmac } from 'node:crypto'

const ROLES = ['operator', 'owner', 'editor', 'agent', 'auditor']
const PASSWORD = 'a password for api-check only'

/** The six digits that a phone shows now (RFC 6238), for a secret in base 32. */
function codeOfNow(secret) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter))
  const key = Buffer.from(
    bits
      .map((five) => five.toString(2).padStart(5, '0'))
      .join('')
      .match(/.{8}/g)
      .map((byte) => Number.parseInt(byte, 2)),
  )
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const mac = createHmac('sha1', key).update(step).digest()
  const number = mac.readUInt32BE(mac[mac.length - 1] & 0xf) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}

/** Somebody invited to the staff, signed in with the password that they chose. */
async function newcomer(server, role) {
  const person = { email: `${role}@api-check.example`, name: `The ${role}` }
  const [path, body] =
    role === 'operator'
      ? ['/v1/admin/staff', person]
      : [`/v1/admin/tenants/${server.tenantId}/staff`, { ...person, role }]
  const { enrolmentCode } = await server.ask(path, { body, token: server.operatorKey })
  const enrolment = { code: enrolmentCode, password: PASSWORD }
  return (await server.ask('/v1/admin/auth/enrolment', { body: enrolment })).token
}

/** The same with a second factor, without which nobody may do anything. */
async function member(server, role) {
  const token = await newcomer(server, role)
  const { secret } = await server.ask('/v1/admin/auth/totp', { body: { password: PASSWORD }, token })
  await server.ask('/v1/admin/auth/totp/confirm', { body: { totp: codeOfNow(secret) }, token })
  return token
}

async function key(server, role) {
  if (role === 'operator') return server.operatorKey
  const path = `/v1/admin/tenants/${server.tenantId}/keys`
  return (await server.ask(path, { body: { name: role, role }, token: server.operatorKey })).key
}

async function patient(server) {
  const email = 'patient@api-check.example'
  await server.ask(`/v1/admin/tenants/${server.tenantId}/users`, {
    body: { email, name: 'The patient', password: PASSWORD },
    token: server.operatorKey,
  })
  const { sessionId, token } = server.session
  return (await server.ask('/v1/auth/login', { body: { email, password: PASSWORD, sessionId }, token })).token
}

/**
 * `token` is asked of a running server, for that server alone; whoever has none gets undefined. `environment` is that
 * server's, where it is not as for the others.
 */
export const CALLERS = [
  ...ROLES.map((role) => ({ name: `${role}-key`, token: (server) => key(server, role) })),
  ...ROLES.map((role) => ({ name: role, token: (server) => member(server, role) })),
  {
    name: 'hurried',
    token: (server) => member(server, 'owner'),
    environment: { REQUESTS_PER_MINUTE_PER_ADDRESS: '100' },
  },
  { name: 'newcomer', token: (server) => newcomer(server, 'owner') },
  { name: 'patient', token: patient },
  { name: 'visitor', token: (server) => server.session.token },
  { name: 'nobody', token: () => undefined },
]
