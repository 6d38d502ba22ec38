using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary><c>put</c>, <c>get</c> and <c>sync</c>.</summary>
internal static class TransferCommands
{
    public static Task<ExitCode> PutAsync(Arguments arguments)
    {
        if (arguments.Has(FileFlags.Dialect))
            return DialectCommands.PutAsync(arguments);
        var target = RemoteName.Parse(arguments.Operands[^1]);
        string[] sources = [.. arguments.Operands.Take(arguments.Operands.Count - 1)];
        if (sources.FirstOrDefault(source => RemoteName.Find(source) is not null) is { } remote)
            throw CliException.Usage($"'{remote}' is on a server, and put sends files of this machine.", $"'dialtone cp' copies on a server; a file with a colon in its name is written ./{remote}.");
        bool fromInput = sources.Contains("-");
        if (fromInput && sources.Length > 1)
            throw CliException.Usage("Standard input (-) is sent alone.");
        return RunAsync(arguments, target, isQuiet: false, async transfer =>
        {
            var path = VirtualPath.Parse(Wildcard.Unescape(target.Path));
            if (!fromInput)
                await transfer.PutAsync([.. sources.SelectMany(RemotePattern.ExpandLocal)], path, target.EndsInSlash);
            else if (target.EndsInSlash)
                throw CliException.Usage("Standard input (-) needs a name on the server.", $"Write {target.Text}NAME.");
            else
                await transfer.PutStreamAsync(Terminal.OpenInput(), path);
        });
    }

    public static async Task<ExitCode> GetAsync(Arguments arguments)
    {
        if (arguments.Has(FileFlags.Dialect))
            return await DialectCommands.GetAsync(arguments);
        List<string> words = arguments.Operands;
        bool hasTarget = words.Count > 1 && RemoteName.Find(words[^1]) is null;
        string target = hasTarget ? words[^1] : ".";
        RemoteName[] sources = [.. words.Take(words.Count - (hasTarget ? 1 : 0)).Select(RemoteName.Parse)];
        ExitCode worst = ExitCode.Done;
        foreach (List<RemoteName> server in ByServer(sources))
        {
            if (server.Count < sources.Length && target != "-" && !Directory.Exists(target))
                throw new CliException(ExitCode.Files, $"{Printable.Of(target)} is not a folder.");
            ExitCode code = await RunAsync(arguments, server[0], isQuiet: target == "-", async (transfer, share, cancellationToken) =>
            {
                var paths = new List<VirtualPath>();
                foreach (RemoteName name in server)
                    paths.AddRange(await RemotePattern.ExpandAsync(share.Client, name.Path, VirtualPath.Root, cancellationToken));
                if (target != "-")
                {
                    await transfer.GetAsync(paths, target);
                    return;
                }

                await using Stream output = Terminal.OpenContentOutput();
                foreach (VirtualPath path in paths)
                    await transfer.GetStreamAsync(path, output);
            });
            worst = code == ExitCode.Done ? worst : code;
        }

        return worst;
    }

    private static List<List<RemoteName>> ByServer(RemoteName[] names)
    {
        var servers = new List<List<RemoteName>>();
        foreach (RemoteName name in names)
        {
            List<RemoteName>? server = servers.Find(known => Equals(known[0].Server, name.Server) && known[0].Host == name.Host && known[0].User == name.User);
            if (server is null)
                servers.Add([name]);
            else
                server.Add(name);
        }

        return servers;
    }

    public static Task<ExitCode> SyncAsync(Arguments arguments)
    {
        RemoteName? from = RemoteName.Find(arguments.Operands[0]);
        RemoteName? to = RemoteName.Find(arguments.Operands[1]);
        if (from is null == to is null)
            throw CliException.Usage(from is null ? "Neither of the two is on a server." : "Both of the two are on a server.", $"One of them must be a folder of this machine; the other {RemoteName.Forms}.");
        RemoteName remote = (from ?? to)!;
        string local = arguments.Operands[from is null ? 0 : 1];
        return RunAsync(arguments, remote, isQuiet: false, transfer => transfer.SyncAsync(local, VirtualPath.Parse(Wildcard.Unescape(remote.Path)), toServer: to is not null));
    }

    private static Task<ExitCode> RunAsync(Arguments arguments, RemoteName server, bool isQuiet, Func<Transfer, Task> act) =>
        RunAsync(arguments, server, isQuiet, (transfer, _, _) => act(transfer));

    private static Task<ExitCode> RunAsync(
        Arguments arguments, RemoteName server, bool isQuiet, Func<Transfer, RemoteShare, CancellationToken, Task> act) => Interruptible.RunAsync(async cancellationToken =>
    {
        var rules = TransferRules.Of(arguments);
        await using RemoteShare share = await RemoteShare.ConnectAsync(arguments, server, cancellationToken);
        await using var view = new TransferView(arguments.Has(FileFlags.Json), isQuiet, TimeProvider.System) { IsDryRun = rules.Tree.DryRun };
        var transfer = new Transfer(share, view, rules, cancellationToken);
        try
        {
            await act(transfer, share, cancellationToken);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is OperationCanceledException or TransportException { Reason: TransportError.Aborted })
        {
            view.Close();
            Terminal.Say($"dialtone: interrupted at {Printable.Of(transfer.Current ?? server.Text)}; the same command goes on from there.");
            return ExitCode.Interrupted;
        }

        return view.Finish();
    });
}
