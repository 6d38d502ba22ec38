using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>A conversation with a server: a current folder there, one here, and commands.</summary>
internal sealed class Shell : IShell
{
    private readonly TransferRules _rules;
    private readonly Verb[] _commands;
    private CancellationToken _cancellationToken; // of the command under way

    public Shell(RemoteShare share, TransferRules rules)
    {
        (Share, _rules) = (share, rules);
        _commands =
        [
            ShellTable.Command("ls", "[-lR] [PATH]…", ListAsync, FileFlags.Long, FileFlags.ListBelow),
            ShellTable.Command("tree", "[PATH]", arguments => EachAsync(arguments, (work, path) => new Listing(false, false).ShowTreeAsync(Share.Client, path, _cancellationToken))),
            ShellTable.Command("cd", "[FOLDER]", arguments => EnterAsync(arguments.Operands.FirstOrDefault() ?? "/", _cancellationToken)),
            ShellTable.Command("pwd", "", _ => ShellTable.SayAsync(Terminal.Name(Folder.ToString()))),
            ShellTable.Command("lcd", "[FOLDER]", arguments => ShellTable.ChangeHere(arguments.Operands.FirstOrDefault())),
            ShellTable.Command("lpwd", "", _ => ShellTable.SayAsync(Terminal.Name(Directory.GetCurrentDirectory()))),
            ShellTable.Command("get", "REMOTE… [LOCAL]", GetAsync, FileFlags.FoldersToo),
            ShellTable.Command("put", "LOCAL… [REMOTE]", PutAsync, FileFlags.FoldersToo),
            ShellTable.Command("rm", "[-r] PATH…", arguments => EachAsync(arguments, (work, path) => work.RemoveAsync(path, arguments.Has(FileFlags.Recursive))), FileFlags.Recursive),
            ShellTable.Command("mkdir", "[-p] FOLDER…", MakeFolderAsync, FileFlags.Parents),
            ShellTable.Command("mv", "PATH… TARGET", arguments => MoveAsync(arguments, isCopy: false)),
            ShellTable.Command("cp", "PATH… TARGET", arguments => MoveAsync(arguments, isCopy: true), FileFlags.FoldersToo),
            ShellTable.Command("stat", "PATH…", arguments => EachAsync(arguments, (work, path) => work.StatAsync(path))),
            ShellTable.Command("sum", "PATH…", arguments => EachAsync(arguments, (work, path) => work.SumAsync(path, TransferDigest.Sha256))),
            ShellTable.Command("quota", "", QuotaAsync),
            ShellTable.Command("help", "", _ => ShellTable.SayAsync(ShellTable.Help(_commands!))),
            ShellTable.Command("exit", "", Leave),
            ShellTable.Command("quit", "", Leave),
        ];
    }

    public RemoteShare Share { get; }

    /// <summary>The current folder on the server.</summary>
    public VirtualPath Folder { get; private set; } = VirtualPath.Root;

    public bool IsOver { get; private set; }

    public string Prompt => Printable.Of($"{Share.Label}{Folder}") + "> ";

    public IEnumerable<string> CommandNames => _commands.Select(command => command.Name);

    public Task<ExitCode> DoAsync(string line, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        return ShellTable.RunAsync(line, _commands, cancellationToken);
    }

    public async Task<ExitCode> EnterAsync(string text, CancellationToken cancellationToken)
    {
        IReadOnlyList<VirtualPath> places = await RemotePattern.ExpandAsync(Share.Client, text, Folder, cancellationToken);
        if (places.Count > 1)
            throw CliException.Usage($"{Printable.Of(text)} means several folders.");
        if (!places[0].IsRoot && (await Share.Client.StatAsync(places[0].ToString(), cancellationToken)).Kind != FileKind.Folder)
            throw new FileException(FileError.NotFolder, "It is not a folder.");
        Folder = places[0];
        return ExitCode.Done;
    }

    public async Task<IReadOnlyList<(string Name, bool IsFolder)>> NamesAsync(string folder, CancellationToken cancellationToken)
    {
        var names = new List<(string, bool)>();
        await foreach (RemoteEntry entry in Share.Client.ListAsync(VirtualPath.Parse(folder, Folder).ToString(), cancellationToken: cancellationToken))
            names.Add((entry.Path, entry.Kind == FileKind.Folder));
        return names;
    }

    private PlaceWork Work() => new(Share, Folder, isJson: false, _cancellationToken);

    private async Task<ExitCode> ListAsync(Arguments arguments)
    {
        PlaceWork work = Work();
        var paths = new List<VirtualPath>();
        foreach (string text in arguments.Operands.DefaultIfEmpty(""))
            paths.AddRange(await work.ExpandAsync(text));
        await new Listing(arguments.Has(FileFlags.Long), false).ShowAsync(Share.Client, paths, arguments.Has(FileFlags.ListBelow), work.Fail, _cancellationToken);
        return work.Outcome;
    }

    private async Task<ExitCode> EachAsync(Arguments arguments, Func<PlaceWork, VirtualPath, Task> act)
    {
        PlaceWork work = Work();
        var paths = new List<VirtualPath>();
        foreach (string text in arguments.Operands.DefaultIfEmpty(""))
            paths.AddRange(await work.ExpandAsync(text));
        await work.EachAsync(paths, path => act(work, path));
        return work.Outcome;
    }

    private async Task<ExitCode> MakeFolderAsync(Arguments arguments)
    {
        PlaceWork work = Work();
        VirtualPath[] paths = [.. arguments.Operands.Select(text => VirtualPath.Parse(Wildcard.Unescape(text), Folder))];
        await work.EachAsync(paths, path => Share.Client.MakeFolderAsync(path.ToString(), arguments.Has(FileFlags.Parents), _cancellationToken));
        return work.Outcome;
    }

    private async Task<ExitCode> MoveAsync(Arguments arguments, bool isCopy)
    {
        PlaceWork work = Work();
        await work.MoveAsync(arguments.Operands[..^1], arguments.Operands[^1], isCopy);
        return work.Outcome;
    }

    private async Task<ExitCode> QuotaAsync(Arguments arguments)
    {
        await Work().QuotaAsync();
        return ExitCode.Done;
    }

    private async Task<ExitCode> GetAsync(Arguments arguments)
    {
        List<string> words = arguments.Operands;
        string target = words.Count > 1 ? Wildcard.Unescape(words[^1]) : ".";
        var paths = new List<VirtualPath>();
        foreach (string word in words.Take(Math.Max(1, words.Count - 1)))
            paths.AddRange(await Work().ExpandAsync(word));
        return await MoveContentAsync(transfer => transfer.GetAsync(paths, target));
    }

    private Task<ExitCode> PutAsync(Arguments arguments)
    {
        List<string> words = arguments.Operands;
        string target = words.Count > 1 ? words[^1] : "";
        VirtualPath place = target.Length == 0 ? Folder : VirtualPath.Parse(Wildcard.Unescape(target), Folder);
        string[] sources = [.. words.Take(Math.Max(1, words.Count - 1)).SelectMany(RemotePattern.ExpandLocal)];
        return MoveContentAsync(transfer => transfer.PutAsync(sources, place, target.Length == 0 || target.EndsWith('/')));
    }

    private async Task<ExitCode> MoveContentAsync(Func<Transfer, Task> move)
    {
        await using var view = new TransferView(isJson: false, isQuiet: false, TimeProvider.System);
        var transfer = new Transfer(Share, view, _rules, _cancellationToken);
        try
        {
            await move(transfer);
        }
        catch (Exception e) when (_cancellationToken.IsCancellationRequested && e is OperationCanceledException or TransportException { Reason: TransportError.Aborted })
        {
            view.Close();
            Terminal.Say("dialtone: interrupted; the same command goes on from there.");
            return ExitCode.Interrupted;
        }

        return view.Finish();
    }

    private Task<ExitCode> Leave(Arguments arguments)
    {
        IsOver = true;
        return Task.FromResult(ExitCode.Done);
    }
}
