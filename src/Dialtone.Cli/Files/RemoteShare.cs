using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>A server that was called, and who we are there.</summary>
internal sealed class RemoteShare : IAsyncDisposable
{
    private readonly ServerCall _call;

    private RemoteShare(FileClient client, ServerCall call)
    {
        (Client, _call) = (client, call);
        string? user = client.ServerInfo.User ?? call.User;
        Label = user is null ? $"{call.Place}:" : $"{user}@{call.Place}:";
    }

    public FileClient Client { get; }

    /// <summary>What stands before a path when it is shown: <c>user@host:</c>.</summary>
    public string Label { get; }

    /// <summary>Calls the server of a remote name and logs in.</summary>
    public static async Task<RemoteShare> ConnectAsync(Arguments arguments, RemoteName name, CancellationToken cancellationToken)
    {
        var call = new ServerCall(arguments, name);
        FileClient? client = null;
        try
        {
            var options = new FileClientOptions
            {
                Dial = call.Dial with { Blocking = true }, // a command has nothing else to do, and calls that block cost half of those that wait their turn
                Door = call.EnterAsync,
                Jobs = arguments.Get(FileFlags.Jobs, 1),
                RateLimit = arguments.Find(FileFlags.LimitRate),
            };
            client = await FileClient.ConnectAsync(call.Address, options, cancellationToken);
            await LoginAsync(arguments, client, call, cancellationToken);
            call.Save(arguments, client.ServerInfo.User ?? call.User);
            return new RemoteShare(client, call);
        }
        catch (TransportException e) when (client is null && e.Reason == TransportError.PeerReset && call.Address.Scheme == AddressScheme.Tcp && !call.Address.IsTls)
        {
            call.Dispose();
            throw new CliException(ExitCode.Failed, $"{call.Address} closed the connection before it answered.", $"Does it speak TLS? Then write tls://{call.Address.ToString()["tcp://".Length..]}/…");
        }
        catch
        {
            if (client is not null)
                await client.DisposeAsync();
            call.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        _call.Dispose();
    }

    /// <summary>By the key that was named; else by a password that was given; else by the key of this account, if the server knows it; else by a password that is asked for.</summary>
    private static async Task LoginAsync(Arguments arguments, FileClient client, ServerCall call, CancellationToken cancellationToken)
    {
        if (arguments.Has(CallFlags.Key))
        {
            await client.LoginWithKeyAsync(call.User, cancellationToken);
            return;
        }

        string? password = call.User is null ? null : PasswordInput.Given(arguments);
        // Whoever named no user, where strangers may do something, came as a stranger.
        bool isWelcome = call.User is null && client.ServerInfo.Rights != FileRights.None;
        if (password is null && call.Key is not null && !isWelcome && await TryKeyAsync(client, call.User, cancellationToken))
            return;
        if (call.User is { } user)
            await client.LoginAsync(user, password ?? call.AskPassword(), cancellationToken);
    }

    private static async Task<bool> TryKeyAsync(FileClient client, string? user, CancellationToken cancellationToken)
    {
        try
        {
            await client.LoginWithKeyAsync(user, cancellationToken);
            return true;
        }
        catch (FileException e) when (e.Reason == FileError.LoginFailed)
        {
            return false;
        }
    }
}
