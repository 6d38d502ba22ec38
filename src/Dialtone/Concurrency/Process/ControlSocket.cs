using System.Runtime.InteropServices;
using Dialtone.Engines;
using static Dialtone.Engines.Linux;
using static Dialtone.ProcessCalls;

namespace Dialtone;

/// <summary>One end of the socket between a server and one of its workers: whole messages, each of which may carry one descriptor.</summary>
internal sealed unsafe class ControlSocket(int descriptor) : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when nothing is there.</summary>
    public const int Nothing = -1;

    private readonly Lock _gate = new(); // a send must not meet a number that was given back
    private bool _isClosed;              // under _gate

    public int Descriptor => descriptor;

    /// <summary>Makes a connected pair. Neither end is inherited by other programs.</summary>
    /// <exception cref="TransportException">No descriptors or memory left.</exception>
    public static (int Ours, int Theirs) OpenPair()
    {
        int* pair = stackalloc int[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
            throw Error(Marshal.GetLastPInvokeError());
        _ = fcntl(pair[0], F_SETFL, O_NONBLOCK);
        return (pair[0], pair[1]);
    }

    /// <summary>Sends one message: 0, or the error.</summary>
    public int TrySend(ReadOnlySpan<byte> message, int passed = -1)
    {
        lock (_gate)
        {
            if (_isClosed)
                return EPIPE;
            fixed (byte* start = message)
            {
                var vector = new IoVector { Base = start, Length = message.Length };
                var rights = new DescriptorMessage
                {
                    Length = DescriptorMessage.OneDescriptor, Level = SOL_SOCKET, Type = SCM_RIGHTS, Descriptor = passed,
                };
                var header = new MessageHeader { Vectors = &vector, VectorCount = 1 };
                if (passed >= 0)
                {
                    header.Control = &rights;
                    header.ControlLength = sizeof(DescriptorMessage);
                }

                while (sendmsg(descriptor, &header, MSG_NOSIGNAL) < 0)
                {
                    int error = Marshal.GetLastPInvokeError();
                    if (error != EINTR)
                        return error;
                }

                return 0;
            }
        }
    }

    /// <summary>Receives one message: its length, 0 when the other end is gone, or <see cref="Nothing"/>. One caller at a time.</summary>
    /// <param name="buffer">At least <see cref="WorkerMessage.MaxBytes"/>.</param>
    /// <param name="passed">The descriptor that came with it, or −1; the caller's to close.</param>
    public int Receive(Span<byte> buffer, out int passed)
    {
        passed = -1;
        fixed (byte* start = buffer)
        {
            var vector = new IoVector { Base = start, Length = buffer.Length };
            DescriptorMessage rights = default;
            var header = new MessageHeader
            {
                Vectors = &vector, VectorCount = 1, Control = &rights, ControlLength = sizeof(DescriptorMessage),
            };
            while (true)
            {
                nint count = recvmsg(descriptor, &header, MSG_CMSG_CLOEXEC);
                if (count >= 0)
                {
                    if (header.ControlLength >= (nint)DescriptorMessage.OneDescriptor && rights.Level == SOL_SOCKET && rights.Type == SCM_RIGHTS)
                        passed = rights.Descriptor;
                    return (int)count;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error == EAGAIN)
                    return Nothing;
                if (error != EINTR)
                    return 0;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            _ = close(descriptor);
        }
    }
}
