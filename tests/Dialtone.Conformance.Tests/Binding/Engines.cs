namespace Dialtone.Conformance.Tests;

/// <summary>The engines of this system, as theory data.</summary>
public static class Engines
{
    public static TheoryData<EngineKind> All { get; } = OperatingSystem.IsLinux() ? [EngineKind.Sockets, EngineKind.Epoll] : [EngineKind.Sockets];
}
