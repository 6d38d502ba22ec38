using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary><c>put</c>, <c>get</c>, <c>ls</c>, <c>rm</c> and <c>shell</c> with <c>--dialect</c>. A path goes out without its leading slash.</summary>
internal static class DialectCommands
{
    public static Task<ExitCode> PutAsync(Arguments arguments)
    {
        var target = RemoteName.Parse(arguments.Operands[^1]);
        string[] sources = [.. arguments.Operands.SkipLast(1).SelectMany(RemotePattern.ExpandLocal)];
        if (sources.Contains("-"))
            throw CliException.Usage("The dialects say a file's length first; standard input has none.", "Write it to a file, and send that.");
        return RunAsync(arguments, target, isQuiet: false, (share, view, _) => share.PutAsync(sources, PathOf(target), view));
    }

    public static Task<ExitCode> GetAsync(Arguments arguments)
    {
        List<string> words = arguments.Operands;
        bool hasTarget = words.Count > 1 && RemoteName.Find(words[^1]) is null;
        string target = hasTarget ? words[^1] : ".";
        RemoteName[] sources = [.. words.SkipLast(hasTarget ? 1 : 0).Select(RemoteName.Parse)];
        CheckOneServer(sources);
        return RunAsync(arguments, sources[0], isQuiet: target == "-", async (share, view, _) =>
        {
            if (target != "-")
            {
                await share.GetAsync([.. sources.Select(PathOf)], target, view);
                return;
            }

            await using Stream output = Terminal.OpenContentOutput();
            foreach (RemoteName source in sources)
                await share.GetAsync(PathOf(source), output, view);
        });
    }

    public static Task<ExitCode> ListAsync(Arguments arguments)
    {
        RemoteName[] places = [.. arguments.Operands.Select(RemoteName.Parse)];
        CheckOneServer(places);
        return RunAsync(arguments, places[0], isQuiet: true, async (share, _, _) =>
        {
            foreach (RemoteName place in places)
                await share.ListAsync(PathOf(place));
        });
    }

    public static Task<ExitCode> RemoveAsync(Arguments arguments)
    {
        RemoteName[] places = [.. arguments.Operands.Select(RemoteName.Parse)];
        CheckOneServer(places);
        return RunAsync(arguments, places[0], isQuiet: true, async (share, view, cancellationToken) =>
        {
            foreach (RemoteName place in places)
                await view.TryAsync($"{share.Label}{PathOf(place)}", () => share.Client.RemoveAsync(PathOf(place), cancellationToken));
        });
    }

    private static string PathOf(RemoteName name) => Wildcard.Unescape(name.Path).TrimStart('/');

    private static void CheckOneServer(RemoteName[] names)
    {
        if (names.Any(name => (name.Server, name.Host, name.User) != (names[0].Server, names[0].Host, names[0].User)))
            throw CliException.Usage("With --dialect all places are on one server.");
    }

    private static Task<ExitCode> RunAsync(
        Arguments arguments, RemoteName server, bool isQuiet, Func<DialectShare, TransferView, CancellationToken, Task> act) => Interruptible.RunAsync(async cancellationToken =>
    {
        await using DialectShare share = await DialectShare.ConnectAsync(arguments, server, cancellationToken);
        await using var view = new TransferView(arguments.Has(FileFlags.Json), isQuiet, TimeProvider.System);
        await act(share, view, cancellationToken);
        return view.Finish();
    });
}
