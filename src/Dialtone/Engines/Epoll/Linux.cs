using System.Runtime.InteropServices;

namespace Dialtone.Engines;

/// <summary>The Linux system calls the epoll engine makes, and nothing more. x86-64 and arm64 share every number here.</summary>
internal static unsafe partial class Linux
{
    public const int EAGAIN = 11, EINTR = 4, EBADF = 9, ENOMEM = 12, EMFILE = 24, ENFILE = 23, EPIPE = 32, ENOBUFS = 105, ECONNRESET = 104,
        ECONNABORTED = 103, ETIMEDOUT = 110, EMSGSIZE = 90, ENOTCONN = 107, EINPROGRESS = 115, EINVAL = 22, EPROTO = 71, EPERM = 1,
        ECONNREFUSED = 111, EADDRINUSE = 98, EHOSTUNREACH = 113, ENETUNREACH = 101, ENOPROTOOPT = 92, EOPNOTSUPP = 95, ENETDOWN = 100, EHOSTDOWN = 112;

    public const int AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_SEQPACKET = 5,
        SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000, SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_TYPE = 3, SO_ERROR = 4, SO_LINGER = 13, SO_REUSEPORT = 15,
        SO_PEERCRED = 17, SO_ACCEPTCONN = 30, SO_DOMAIN = 39, IPPROTO_TCP = 6, TCP_NODELAY = 1,
        SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2, MSG_PEEK = 2, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100, MSG_NOSIGNAL = 0x4000,
        MSG_WAITFORONE = 0x10000, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, FD_CLOEXEC = 1, O_NONBLOCK = 0x800;

    public const uint EPOLLIN = 1, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 16, EPOLLRDHUP = 0x2000, EPOLLEXCLUSIVE = 1u << 28, EPOLLET = 1u << 31;

    public const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, EPOLL_CLOEXEC = 0x80000, EFD_NONBLOCK = 0x800, EFD_CLOEXEC = 0x80000;

    /// <summary><c>struct epoll_event</c>: packed on x86-64 only, so the two layouts differ; the loop knows which to use.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct PackedEpollEvent
    {
        public uint Events;
        public ulong Data;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct AlignedEpollEvent
    {
        public uint Events;
        private readonly uint _padding;
        public ulong Data;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int descriptor, void* epollEvent);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(int epoll, void* events, int count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int accept4(int descriptor, byte* address, int* addressLength, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(int descriptor, void* buffer, nint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint send(int descriptor, void* buffer, nint count, int flags);

    /// <summary>As <see cref="recv"/> for a call that never waits; <see cref="Marshal.GetLastSystemError"/> has its error. A collection waits for its few microseconds.</summary>
    [LibraryImport("libc", EntryPoint = "recv"), SuppressGCTransition]
    public static partial nint recv_now(int descriptor, void* buffer, nint count, int flags);

    /// <summary>As <see cref="send"/>, in the same way.</summary>
    [LibraryImport("libc", EntryPoint = "send"), SuppressGCTransition]
    public static partial nint send_now(int descriptor, void* buffer, nint count, int flags);

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IoVector
    {
        public void* Base;
        public nint Length;
    }

    /// <summary><c>struct msghdr</c>, as glibc and musl lay it out on 64-bit systems.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nint VectorCount;
        public void* Control;
        public nint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendmsg(int descriptor, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recvmsg(int descriptor, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendfile(int socket, int file, long* offset, nint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockopt(int descriptor, int level, int name, void* value, int* length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setsockopt(int descriptor, int level, int name, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockname(int descriptor, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getpeername(int descriptor, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollDescriptor* descriptors, nuint count, int timeout);

    public const short POLLIN = 1, POLLOUT = 4;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    public static int GetOption(int descriptor, int level, int name)
    {
        int value = 0, length = sizeof(int);
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : -1;
    }

    public static void SetOption(int descriptor, int level, int name, int value) => _ = setsockopt(descriptor, level, name, &value, sizeof(int));

    public static TransportException Error(int error) => error switch
    {
        ECONNRESET or EPIPE or ETIMEDOUT or ECONNABORTED or EHOSTUNREACH or ENETUNREACH or ENETDOWN or EHOSTDOWN or ENOTCONN =>
            new(TransportError.PeerReset, "The peer reset the connection or is gone.", error),
        ECONNREFUSED => new(TransportError.Refused, "Nobody answers at the address.", error),
        EMSGSIZE => new(TransportError.MessageTooLarge, "The message is too long for one packet of this socket.", error),
        EMFILE or ENFILE or ENOMEM or ENOBUFS => new(TransportError.OutOfResources, Marshal.GetPInvokeErrorMessage(error), error),
        _ => new(TransportError.Other, Marshal.GetPInvokeErrorMessage(error), error),
    };
}
