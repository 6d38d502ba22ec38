namespace Dialtone.Files;

/// <summary>A language of the socket tutorials' own file servers. PROTOCOL.md has their bytes.</summary>
public enum Dialect
{
    /// <summary>A JSON header and a body (<c>--dialect json</c>): put.</summary>
    Json,

    /// <summary><c>FileTransfer|get|NAME</c> (<c>--dialect text</c>): get; put where the server is ours.</summary>
    Text,

    /// <summary>The fuller sample with accounts (<c>--dialect sample</c>): get, put, list, delete, change folder.</summary>
    Sample,
}
