namespace Dialtone.Files;

/// <summary>Calls the socket tutorials' own servers.</summary>
public static class DialectClient
{
    /// <summary>A client of a server at an address. <see cref="Dialect.Json"/> calls anew for every file, and not here.</summary>
    /// <param name="dialect">What the server speaks.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="options">How to call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FileException">The log-in failed (<see cref="FileError.LoginFailed"/>), or the server did not answer as the dialect has it.</exception>
    /// <exception cref="TransportException">There is no connection.</exception>
    /// <exception cref="TrustException">The server's certificate is not trusted, or its door stayed shut.</exception>
    public static async Task<IDialectClient> ConnectAsync(
        Dialect dialect, Address address, DialectClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        options ??= new DialectClientOptions();
        return dialect switch
        {
            Dialect.Json => new JsonDialectClient(address, options),
            Dialect.Text => await TextDialectClient.ConnectAsync(address, options, cancellationToken).ConfigureAwait(false),
            Dialect.Sample => await SampleDialectClient.ConnectAsync(address, options, cancellationToken).ConfigureAwait(false),
            _ => throw new ArgumentOutOfRangeException(nameof(dialect)),
        };
    }

    /// <summary>Calls, and passes the door.</summary>
    internal static async Task<Connection> DialAsync(Address address, DialectClientOptions options, CancellationToken cancellationToken)
    {
        Connection call = await Dialer.ConnectAsync(address, options.Dial, cancellationToken).ConfigureAwait(false);
        try
        {
            if (options.Door is { } door)
                await door(call, cancellationToken).ConfigureAwait(false);
            call.ReadTimeout = call.WriteTimeout = options.Patience;
            return call;
        }
        catch
        {
            call.Abort();
            await call.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A path as the dialects write it: without its leading slash.</summary>
    /// <exception cref="FileException">The dialects cannot say it: it is empty, holds control characters, or what would be stripped off.</exception>
    internal static string Field(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string name = path.TrimStart('/');
        return name.Length > 0 && !name.Any(c => char.IsControl(c) || c == '|') && name == name.Trim()
            ? name
            : throw new FileException(FileError.BadPath, "This dialect cannot say the name: it is empty, holds '|' or a control character, or begins or ends in white space.");
    }

    /// <summary>Sends exactly so many bytes of a stream.</summary>
    internal static async Task SendContentAsync(Connection call, Stream source, long size, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        byte[] buffer = TransferBuffers.Rent(size);
        try
        {
            for (long sent = 0; sent < size;)
            {
                int count = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, size - sent)), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                    throw new FileException(FileError.Changed, $"The content ended {size - sent} bytes before the size that was told.");
                await call.SendAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                sent += count;
                progress?.Report(sent);
            }
        }
        catch
        {
            call.Abort(); // the server must not take a part for the whole
            throw;
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }

    /// <summary>Finishes sending and waits until the server has done so too, for a bounded time: what it has not read yet would be lost to a reset.</summary>
    internal static async Task LeaveAsync(Connection call, TimeSpan patience, CancellationToken cancellationToken)
    {
        await call.FinishSendingAsync(cancellationToken).ConfigureAwait(false);
        call.ReadTimeout = patience;
        var dropped = new byte[1024];
        try
        {
            while (await call.ReceiveAsync(dropped, cancellationToken).ConfigureAwait(false) > 0)
                continue;
        }
        catch (TransportException e) when (e.Reason == TransportError.Aborted && call.CloseReason == CloseReason.ReadTimeout)
        {
            // It stays silent and open, as such servers do.
        }
    }
}
