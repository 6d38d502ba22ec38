using System.Net.Sockets;
using System.Runtime.InteropServices;
using static Dialtone.Engines.Linux;

namespace Dialtone.Engines;

/// <summary>Binds Unix sockets: their mode holds from the first instant, a dead server's path is replaced, a live one's never.</summary>
internal static unsafe class UnixBinder
{
    private const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static BoundSocket Bind(Address address, FolderLocks folders)
    {
        if (!OperatingSystem.IsLinux())
            return BindPortably(address);
        bool isAbstract = address.Path!.StartsWith('@');
        if (!isAbstract)
            folders.Hold(address);
        int descriptor = socket(AF_UNIX, TypeOf(address.Scheme) | SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw Error(Marshal.GetLastPInvokeError());
        try
        {
            Action? cleanup = null;
            if (isAbstract)
                BindName(descriptor, address);
            else
                cleanup = BindPath(descriptor, address);
            // Not Socket.Bind: a Socket that bound a path deletes it when closed, whoever's it is by then.
            return new BoundSocket(new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)), address, cleanup);
        }
        catch
        {
            _ = close(descriptor);
            throw;
        }
    }

    private static int TypeOf(AddressScheme scheme) => scheme switch
    {
        AddressScheme.UnixDatagram => SOCK_DGRAM,
        AddressScheme.UnixSequenced => SOCK_SEQPACKET,
        _ => SOCK_STREAM,
    };

    private static void BindName(int descriptor, Address address)
    {
        if (TryBind(descriptor, address.Path!) is var error and not 0)
            throw BindError.FromUnix(address, error);
    }

    /// <summary>Binds the path and returns what removes it again.</summary>
    private static Action BindPath(int descriptor, Address address)
    {
        string path = Path.GetFullPath(address.Path!);
        var mode = (uint)(address.Mode ?? DefaultMode);
        // unix(7): the path gets the socket's own mode, less the umask. So nobody can connect between bind and a later chmod.
        _ = fchmod(descriptor, mode);
        int error = TryBind(descriptor, address.Path!);
        if (error == EADDRINUSE)
        {
            RemoveIfDead(address);
            error = TryBind(descriptor, address.Path!);
        }

        if (error != 0)
            throw BindError.FromUnix(address, error);
        Statx ours = Look(path);
        try
        {
            if ((ours.Mode & 0x1FF) != mode)
                GiveMode(path, mode);
        }
        catch
        {
            RemoveIfOurs(path, ours);
            throw;
        }

        return () => RemoveIfOurs(path, ours);
    }

    private static int TryBind(int descriptor, string path)
    {
        byte* name = stackalloc byte[UnixSockets.MaxNameBytes];
        int length = UnixSockets.WriteName(path, new Span<byte>(name, UnixSockets.MaxNameBytes));
        return bind(descriptor, name, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Removes a socket's path that nobody serves. Under the folder's lock: nobody else who starts can be between bind and listen.</summary>
    private static void RemoveIfDead(Address address)
    {
        Statx there = Look(address.Path!);
        if (there.Mask == 0)
            return; // gone meanwhile
        if ((there.Mode & S_IFMT) != S_IFSOCK)
        {
            string kind = (there.Mode & S_IFMT) == S_IFLNK ? "a symbolic link" : "a file";
            throw BindError.NotAvailable($"{address} cannot be listened on: there is {kind} that is no socket. It was left alone; move it away.");
        }

        if (IsAnswered(address))
            throw BindError.InUse(address);
        _ = unlink(address.Path!);
    }

    /// <summary>Whether a server holds the path. Only a refusal proves that none does.</summary>
    private static bool IsAnswered(Address address)
    {
        int probe = socket(AF_UNIX, TypeOf(address.Scheme) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (probe < 0)
            throw Error(Marshal.GetLastPInvokeError());
        byte* name = stackalloc byte[UnixSockets.MaxNameBytes];
        int length = UnixSockets.WriteName(address.Path!, new Span<byte>(name, UnixSockets.MaxNameBytes));
        int error = connect(probe, name, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        _ = close(probe);
        return error is not (ECONNREFUSED or ENOENT);
    }

    private static Statx Look(string path)
    {
        Statx status;
        return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_MODE | STATX_INO, &status) == 0 ? status : default;
    }

    /// <summary>Adds the bits the umask took, on the socket itself: what somebody may have put in its place is not followed.</summary>
    private static void GiveMode(string path, uint mode)
    {
        int descriptor = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (descriptor < 0)
            throw Error(Marshal.GetLastPInvokeError());
        Statx status;
        bool isSocket = statx(descriptor, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 && (status.Mode & S_IFMT) == S_IFSOCK;
        int error = isSocket && chmod($"/proc/self/fd/{descriptor}", mode) != 0 ? Marshal.GetLastPInvokeError() : 0;
        _ = close(descriptor);
        if (error != 0)
            throw Error(error);
    }

    private static void RemoveIfOurs(string path, Statx ours)
    {
        Statx there = Look(path);
        if (there.Inode == ours.Inode && there.DeviceMajor == ours.DeviceMajor && there.DeviceMinor == ours.DeviceMinor)
            _ = unlink(path);
    }

    /// <summary>Where only byte streams are to be had, and the mode comes from the folder: bind, and let the socket delete its path.</summary>
    private static BoundSocket BindPortably(Address address)
    {
        if (address.Scheme != AddressScheme.Unix || address.Path!.StartsWith('@') || address.Mode is not null)
            throw new PlatformNotSupportedException($"{address} needs Linux; here Unix sockets are byte streams at a path, without mode=.");
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(address.Path));
            return new BoundSocket(socket, address);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw BindError.From(address, e);
        }
    }
}
