using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Dialtone;

namespace FromPython;

public static class Connections
{
    private const int SOL_SOCKET = 1;
    private const int SO_RCVBUF = 8;

    public static async Task<int> Recv(Connection call, byte[] buffer)
    {
        #region recv
        int count = await call.ReceiveAsync(buffer);
        #endregion
        return count;
    }

    public static async Task<byte> Peek(Connection call)
    {
        #region MSG_PEEK
        ReadResult seen = await call.Input.ReadAsync();
        call.Input.AdvanceTo(seen.Buffer.Start);
        #endregion
        return seen.Buffer.FirstSpan[0];
    }

    public static async Task WaitAll(Connection call, byte[] buffer)
    {
        #region MSG_WAITALL
        await call.Stream.ReadExactlyAsync(buffer);
        #endregion
    }

    public static bool DoNotWait(Connection call)
    {
        #region MSG_DONTWAIT
        bool hasSome = call.Input.TryRead(out ReadResult result);
        #endregion
        if (hasSome)
            call.Input.AdvanceTo(result.Buffer.End);
        return hasSome;
    }

    public static async Task SendAll(Connection call, byte[] bytes)
    {
        #region sendall
        await call.SendAsync(bytes);
        #endregion
    }

    public static async Task More(Connection call, byte[] header, byte[] body)
    {
        #region MSG_MORE
        call.Output.Write(header);
        await call.Output.WriteAsync(body);
        #endregion
    }

    public static (EndPoint? Peer, EndPoint? Own) Names(Connection call)
    {
        #region getpeername
        EndPoint? peer = call.RemoteEndPoint;
        #endregion
        #region getsockname
        EndPoint? own = call.LocalEndPoint;
        #endregion
        return (peer, own);
    }

    public static byte[] Options(Connection call, byte[] value)
    {
        #region setsockopt
        call.SetSocketOption(SOL_SOCKET, SO_RCVBUF, value);
        #endregion
        #region getsockopt
        int length = call.GetSocketOption(SOL_SOCKET, SO_RCVBUF, value);
        #endregion
        return value[..length];
    }

    public static TimeSpan? Timeouts(Connection call)
    {
        #region settimeout
        call.ReadTimeout = call.WriteTimeout = TimeSpan.FromSeconds(5);
        #endregion
        #region gettimeout
        TimeSpan? timeout = call.ReadTimeout;
        #endregion
        return timeout;
    }

    public static int FileNo(Connection call)
    {
        #region fileno
        int descriptor = call.Descriptor;
        #endregion
        return descriptor;
    }

    public static StreamReader MakeFile(Connection call)
    {
        #region makefile
        var file = new StreamReader(call.Stream);
        #endregion
        return file;
    }

    public static async Task Shutdown(Connection call)
    {
        #region shutdown(SHUT_WR)
        await call.FinishSendingAsync();
        #endregion
    }

    public static async Task Close(Connection connection)
    {
        #region close
        await connection.DisposeAsync();
        #endregion
    }

    public static void Linger(Connection call)
    {
        #region SO_LINGER
        call.Abort();
        #endregion
    }
}
