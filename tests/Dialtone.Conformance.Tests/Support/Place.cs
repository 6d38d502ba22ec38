namespace Dialtone.Conformance.Tests;

/// <summary>Where a server of a test listens.</summary>
public enum Place
{
    Tcp4,
    Tcp6,
    Unix,
    UnixSequenced,
    Memory,
}
