// An OpenID provider on Casdoor's paths, for tests. Its people are in a file that is read at every question,
// so that a test can rename somebody or take a group away. Its sign-in page takes anybody's word.
//
//   node provider.mjs CONFIG.json      {"port", "people": FILE, "clients": [...], "tls"?: {"key", "cert"}}

import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Provider from 'oidc-provider';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `${config.tls ? 'https' : 'http'}://localhost:${config.port}`;
const people = () => JSON.parse(readFileSync(config.people, 'utf8'));

const provider = new Provider(issuer, {
  clients: config.clients,
  claims: {
    openid: ['sub'],
    profile: ['preferred_username', 'name'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  scopes: ['openid', 'profile', 'email', 'groups'],
  findAccount: (ctx, sub) => {
    const claims = people()[sub];
    return claims && { accountId: sub, claims: () => ({ sub, ...claims }) };
  },
  // Nobody is asked whether they agree.
  loadExistingGrant: async (ctx) => {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile email groups');
    await grant.save();
    return grant;
  },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: true },
  },
  interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
  routes: {
    authorization: '/login/oauth/authorize',
    token: '/api/login/oauth/access_token',
    userinfo: '/api/userinfo',
    jwks: '/.well-known/jwks',
    end_session: '/api/logout',
  },
  cookies: { keys: ['a key for tests'] },
});

// The client "late" gets id tokens that were good until an hour ago.
const { issue } = provider.IdToken.prototype;
provider.IdToken.prototype.issue = function (options) {
  const late = this.client.clientId === 'late' && { expiresAt: Math.floor(Date.now() / 1000) - 3600 };
  return issue.call(this, { ...options, ...late });
};

const page = (body) => `<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1>${body}</html>`;

const handle = async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === '/favicon.ico') return response.end();
  if (!url.pathname.startsWith('/sign-in/')) return provider.callback()(request, response);
  if (url.searchParams.has('refuse')) {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  const accountId = url.searchParams.get('who');
  if (accountId) return provider.interactionFinished(request, response, { login: { accountId } });
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  const links = Object.entries(people()).map(
    ([sub, one]) => `<li><a href="?who=${encodeURIComponent(sub)}">${one.preferred_username}</a>`,
  );
  return response.end(page(`<ul>${links.join('')}</ul>`));
};

const listener = (request, response) => {
  handle(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
};
const server = config.tls
  ? https.createServer({ key: readFileSync(config.tls.key), cert: readFileSync(config.tls.cert) }, listener)
  : http.createServer(listener);
server.listen(config.port, '127.0.0.1', () => console.log('listens'));

// It ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume();
