using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>A tutorial's own server that was called with <c>--dialect</c>, and what can be done there: it moves single files and has no stat, no digests and no way to go on.</summary>
internal sealed class DialectShare(IDialectClient client, ServerCall call, CancellationToken cancellationToken) : IAsyncDisposable
{
    public IDialectClient Client => client;

    public string Label => call.User is null ? $"{call.Place}:" : $"{call.User}@{call.Place}:";

    public static async Task<DialectShare> ConnectAsync(Arguments arguments, RemoteName name, CancellationToken cancellationToken)
    {
        Dialect dialect = arguments.Get(FileFlags.Dialect, Dialect.Json);
        var call = new ServerCall(arguments, name);
        try
        {
            if (dialect == Dialect.Sample && call.User is null)
                throw CliException.Usage("The sample dialect needs a user: write tcp://USER@HOST:PORT/PATH.");
            var options = new DialectClientOptions
            {
                Dial = call.Dial,
                Door = call.EnterAsync,
                User = call.User ?? "",
                Password = dialect == Dialect.Sample ? PasswordInput.Given(arguments) ?? call.AskPassword() : "",
            };
            IDialectClient client = await DialectClient.ConnectAsync(dialect, call.Address, options, cancellationToken);
            call.Save(arguments, call.User);
            return new DialectShare(client, call, cancellationToken);
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    /// <summary>Sends files. A target that is empty or ends in a slash is a folder, since nothing else tells.</summary>
    public async Task PutAsync(IReadOnlyList<string> sources, string target, TransferView view)
    {
        bool isFolder = target.Length == 0 || target.EndsWith('/');
        if (sources.Count > 1 && !isFolder)
            throw CliException.Usage($"Several files need a folder to land in: write {target}/ with a slash at its end.");
        foreach (string source in sources)
        {
            await view.TryAsync(source, async () =>
            {
                if (Directory.Exists(source))
                    throw new CliException(ExitCode.Failed, "It is a folder; this dialect moves single files.");
                await using FileStream file = File.OpenRead(source);
                view.Next(0, 0);
                await client.PutAsync(file, file.Length, isFolder ? target + Path.GetFileName(source) : target, view.Bytewise(source, file.Length), cancellationToken);
                view.Files++;
                view.Bytes += file.Length;
            });
        }
    }

    /// <summary>Fetches files: into a local folder that exists, otherwise under the target's own name.</summary>
    public async Task GetAsync(IReadOnlyList<string> sources, string target, TransferView view)
    {
        bool isInside = Landing.IsInside(target, Directory.Exists(target), Path.Exists(target), sources.Count > 1 || target.EndsWith('/'), movesFolder: false, "mkdir makes it.");
        foreach (string source in sources)
        {
            await view.TryAsync($"{Label}{source}", async () =>
            {
                string name = source[(source.LastIndexOf('/') + 1)..];
                string place = isInside ? Path.Combine(target, VirtualPath.Root.Append(name).Name) : target;
                if (SpecialFile.Is(place))
                {
                    await using var device = new FileStream(place, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
                    await GetAsync(source, device, view);
                    return;
                }

                string part = $"{place}.{Environment.ProcessId}.part";
                try
                {
                    await using (var file = new FileStream(part, FileMode.CreateNew))
                    {
                        await GetAsync(source, file, view);
                        file.Flush(flushToDisk: true);
                    }

                    File.Move(part, place, overwrite: true);
                }
                finally
                {
                    File.Delete(part);
                }
            });
        }
    }

    /// <summary>Fetches a file into a stream.</summary>
    public async Task GetAsync(string source, Stream target, TransferView view)
    {
        view.Next(0, 0);
        view.Bytes += await client.GetAsync(source, target, view.Bytewise(source, null), cancellationToken);
        view.Files++;
    }

    /// <summary>Shows a folder as the server writes it.</summary>
    public async Task ListAsync(string path)
    {
        foreach (string line in (await client.ListAsync(path, cancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Terminal.Out.WriteLine(Terminal.Name(line.TrimEnd('\r')));
    }

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        call.Dispose();
    }
}
