using System.Buffers;
using Dialtone.Engines;
using Microsoft.Win32.SafeHandles;

namespace Dialtone;

/// <summary>The two ways a file goes out: sendfile where the bytes need not pass through this process, a large buffer where they must.</summary>
internal static class FileSender
{
    private const int BufferBytes = 256 * 1024;

    public static async ValueTask<long> SendInKernelAsync(
        Connection connection, SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        Transport transport = connection.Transport;
        long sent = 0;
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static state => ((Connection)state!).Abort(), connection);
        connection.BeginWriteWait();
        try
        {
            while (sent < count)
            {
                long step = transport.TrySendFile(file, offset + sent, count - sent);
                if (step == 0)
                    break;
                if (step == Transport.WouldBlock)
                {
                    await transport.WaitToSendAsync().ConfigureAwait(false);
                    continue;
                }

                sent += step;
                connection.CountSent(step);
            }

            return sent;
        }
        catch (TransportException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            connection.EndWriteWait();
        }
    }

    public static async ValueTask<long> SendThroughBufferAsync(
        Connection connection, SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long sent = 0;
            while (sent < count)
            {
                int wanted = (int)Math.Min(buffer.Length, count - sent);
                int read = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, wanted), offset + sent, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    break;
                await connection.SendAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                sent += read;
            }

            return sent;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
