namespace Dialtone;

/// <summary>The server's own threads, of which there may be hundreds: each with a small stack, and none keeps the process alive.</summary>
internal static class SmallThread
{
    /// <summary>Enough for deep call chains; .NET would reserve 8 MiB of address space each. At least 16 KiB are needed by the runtime.</summary>
    private const int StackBytes = 512 * 1024;

    /// <exception cref="OutOfMemoryException">The system has no thread to give.</exception>
    public static void Start(string name, ThreadStart run) => new Thread(run, StackBytes) { IsBackground = true, Name = name }.UnsafeStart();
}
