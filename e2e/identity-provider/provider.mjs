// A certified OpenID Connect provider on a free port, for tests. It prints its address and lives as long as its standard input does.
//
// Whoever signs in there is known by an e-mail address; one that begins with `unverified` nobody has made sure of. Arguments: the
// client's identifier, its secret, and the address that browsers are sent back to.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const [clientId, clientSecret, redirectUri] = process.argv.slice(2)

const findAccount = (_context, email) => ({
  accountId: email,
  claims: () => ({ sub: email, email, email_verified: !email.startsWith('unverified') }),
})

// The port is part of the issuer's name, and known only once there is a server.
let handle
const server = createServer((request, response) => handle(request, response))
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    claims: { email: ['email', 'email_verified'] },
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    findAccount,
  })
  handle = provider.callback()
  process.stdout.write(`${issuer}\n`)
})

process.stdin.resume()
process.stdin.on('end', () => process.exit())
