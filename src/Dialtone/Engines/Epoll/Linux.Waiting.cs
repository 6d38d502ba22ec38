using System.Runtime.InteropServices;

namespace Dialtone.Engines;

/// <summary>Blocking until a socket has something, in a way that can be called off.</summary>
internal static unsafe partial class Linux
{
    /// <summary>Blocks until a receive would not, or <paramref name="cancellationToken"/> is cancelled.</summary>
    /// <exception cref="TransportException">There is no descriptor left for the wait.</exception>
    public static void BlockUntilReceivable(int descriptor, CancellationToken cancellationToken)
    {
        PollDescriptor* polled = stackalloc PollDescriptor[2];
        polled[0] = new PollDescriptor { Descriptor = descriptor, Events = POLLIN };
        if (cancellationToken.IsCancellationRequested || poll(polled, 1, 0) != 0)
            return;
        int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (wake < 0)
            throw Error(Marshal.GetLastPInvokeError());
        try
        {
            polled[1] = new PollDescriptor { Descriptor = wake, Events = POLLIN };
            using CancellationTokenRegistration _ = cancellationToken.UnsafeRegister(static wake => Signal((int)wake!), wake);
            while (poll(polled, 2, -1) < 0 && Marshal.GetLastPInvokeError() == EINTR)
                continue;
        }
        finally
        {
            _ = close(wake);
        }
    }

    /// <summary>Whether a send would find room now, or an error.</summary>
    public static bool IsWritable(int descriptor)
    {
        var polled = new PollDescriptor { Descriptor = descriptor, Events = POLLOUT };
        return poll(&polled, 1, 0) > 0;
    }

    /// <summary>Makes an eventfd readable.</summary>
    public static void Signal(int wake)
    {
        ulong one = 1;
        _ = write(wake, &one, sizeof(ulong));
    }
}
