using System.Runtime.InteropServices;

namespace Dialtone.Engines;

/// <summary>
/// Holds the folders of Unix sockets while a server starts, so that of two servers that find a dead one's path only one takes it over.
/// </summary>
internal sealed class FolderLocks : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(uint, uint, ulong), int> _held = [];

    /// <summary>Holds the folder in which <paramref name="address"/>'s path lies, until disposed; once only, however often it is asked.</summary>
    public unsafe void Hold(Address address)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(address.Path!)) ?? "/";
        int descriptor = Linux.open(folder, Linux.O_DIRECTORY | Linux.O_CLOEXEC);
        if (descriptor < 0)
            throw BindError.FromUnix(address, Marshal.GetLastPInvokeError());
        Linux.Statx status;
        _ = Linux.statx(descriptor, "", Linux.AT_EMPTY_PATH, Linux.STATX_INO, &status);
        (uint, uint, ulong) identity = (status.DeviceMajor, status.DeviceMinor, status.Inode);
        // A folder we hold already, by this path or another: asking again would wait for ourselves.
        bool isHeld = _held.ContainsKey(identity);
        if (!isHeld && SpinWait.SpinUntil(() => TryLock(descriptor), Patience))
        {
            _held.Add(identity, descriptor);
            return;
        }

        _ = Linux.close(descriptor);
        if (!isHeld)
            throw BindError.NotAvailable($"{address} cannot be listened on: another program keeps its folder locked.");
    }

    private static bool TryLock(int descriptor) => Linux.flock(descriptor, Linux.LOCK_EX | Linux.LOCK_NB) == 0;

    public void Dispose()
    {
        foreach (int descriptor in _held.Values)
            _ = Linux.close(descriptor);
        _held.Clear();
    }
}
