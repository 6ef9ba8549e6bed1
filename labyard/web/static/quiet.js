// The hub's page frame configures RequireJS, which the service's pages do without.
window.require = { config() {} };
