namespace Dialtone;

/// <summary>The certificate and rules for TLS.</summary>
public sealed record TlsServerOptions;
