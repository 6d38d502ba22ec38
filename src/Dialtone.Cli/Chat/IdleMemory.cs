using System.Runtime.InteropServices;

namespace Dialtone.Cli;

/// <summary>
/// Gives back what a crowd has left free once it has come, or gone. Everybody who joins costs a TLS handshake, and the allocators of .NET and of the C library
/// keep three times what the silent participant needs until they are asked for it.
/// </summary>
internal sealed partial class IdleMemory : IDisposable
{
    private const int Crowd = 500;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private readonly Func<int> _count;
    private readonly ITimer _timer;
    private int _last;
    private int _atRest;

    /// <param name="count">How many are here.</param>
    /// <param name="time">Tells when it is quiet.</param>
    public IdleMemory(Func<int> count, TimeProvider time)
    {
        _count = count;
        _timer = time.CreateTimer(static self => ((IdleMemory)self!).Look(), this, Quiet, Quiet);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        int now = _count();
        bool isQuiet = now == _last;
        _last = now;
        if (!isQuiet || Math.Abs(now - _atRest) < Crowd)
            return;
        _atRest = now;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (NativeLibrary.TryLoad("libc", typeof(IdleMemory).Assembly, null, out nint library) && NativeLibrary.TryGetExport(library, nameof(malloc_trim), out _))
            _ = malloc_trim(0); // glibc has it, others give back by themselves
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);
}
