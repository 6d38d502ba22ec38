using System.Diagnostics;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>A conversation with a server: a current folder there, one here, and commands.</summary>
internal sealed class Shell
{
    private readonly TransferRules _rules;
    private readonly Verb[] _commands;
    private CancellationToken _cancellationToken; // of the command under way

    public Shell(RemoteShare share, TransferRules rules)
    {
        (Share, _rules) = (share, rules);
        _commands =
        [
            Command("ls", "[-lR] [PATH]…", ListAsync, FileFlags.Long, FileFlags.ListBelow),
            Command("tree", "[PATH]", arguments => EachAsync(arguments, (work, path) => new Listing(false, false).ShowTreeAsync(Share.Client, path, _cancellationToken))),
            Command("cd", "[FOLDER]", arguments => EnterAsync(arguments.Operands.FirstOrDefault() ?? "/", _cancellationToken)),
            Command("pwd", "", _ => Say(Printable.Name(Folder.ToString()))),
            Command("lcd", "[FOLDER]", arguments => ChangeHere(arguments.Operands.FirstOrDefault())),
            Command("lpwd", "", _ => Say(Printable.Name(Directory.GetCurrentDirectory()))),
            Command("get", "REMOTE… [LOCAL]", GetAsync, FileFlags.FoldersToo),
            Command("put", "LOCAL… [REMOTE]", PutAsync, FileFlags.FoldersToo),
            Command("rm", "[-r] PATH…", arguments => EachAsync(arguments, (work, path) => work.RemoveAsync(path, arguments.Has(FileFlags.Recursive))), FileFlags.Recursive),
            Command("mkdir", "[-p] FOLDER…", MakeFolderAsync, FileFlags.Parents),
            Command("mv", "PATH… TARGET", arguments => MoveAsync(arguments, isCopy: false)),
            Command("cp", "PATH… TARGET", arguments => MoveAsync(arguments, isCopy: true), FileFlags.FoldersToo),
            Command("stat", "PATH…", arguments => EachAsync(arguments, (work, path) => work.StatAsync(path))),
            Command("sum", "PATH…", arguments => EachAsync(arguments, (work, path) => work.SumAsync(path, TransferDigest.Sha256))),
            Command("quota", "", QuotaAsync),
            Command("help", "", _ => Say(HelpText)),
            Command("exit", "", Leave),
            Command("quit", "", Leave),
        ];
    }

    public RemoteShare Share { get; }

    /// <summary>The current folder on the server.</summary>
    public VirtualPath Folder { get; private set; } = VirtualPath.Root;

    public bool IsOver { get; private set; }

    public string Prompt => Printable.Of($"{Share.Label}{Folder}") + "> ";

    public IEnumerable<string> CommandNames => _commands.Select(command => command.Name);

    private string HelpText => string.Join('\n', _commands.Select(command => $"  {command.Name} {command.Summary}".TrimEnd()))
        + "\n  !COMMAND\n\nWith several words the last of get is a place here, and the last of put a place there.";

    /// <summary>Does what a line says.</summary>
    /// <exception cref="CliException">It cannot be understood, or not be done.</exception>
    public async Task<ExitCode> DoAsync(string line, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        line = line.Trim();
        if (line.Length == 0 || line[0] == '#')
            return ExitCode.Done;
        if (line[0] == '!')
            return await RunHereAsync(line[1..], cancellationToken);
        List<string> words = ShellWords.Split(line);
        string name = words[0] switch { "?" => "help", "dir" => "ls", "bye" => "exit", var word => word };
        if (!CommandNames.Contains(name, StringComparer.Ordinal))
        {
            throw CliException.Usage(
                $"There is no command '{Printable.Of(name)}'.",
                Spelling.Nearest(name, CommandNames) is { } near ? $"Did you mean {near}?" : "'help' lists the commands.");
        }

        Arguments arguments = Parser.Parse([name, .. words.Skip(1)], _commands);
        return await arguments.Verb.Run(arguments);
    }

    /// <summary>Goes into a folder of the server.</summary>
    /// <exception cref="FileException">There is none.</exception>
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

    private static Verb Command(string name, string operands, Func<Arguments, Task<ExitCode>> run, params Flag[] flags) => new(name, operands, run)
    {
        Operands = [.. operands.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => !word.StartsWith("[-", StringComparison.Ordinal))],
        Flags = [new("Flags", flags)],
    };

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
            Terminal.Error.WriteLine("dialtone: interrupted; the same command goes on from there.");
            return ExitCode.Interrupted;
        }

        return view.Finish();
    }

    private static Task<ExitCode> ChangeHere(string? text)
    {
        string folder = text is null ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) : RemotePattern.ExpandLocal(text)[0];
        if (!Directory.Exists(folder))
            throw new CliException(ExitCode.Files, $"There is no folder {Printable.Of(folder)} on this machine.");
        Directory.SetCurrentDirectory(folder);
        return Task.FromResult(ExitCode.Done);
    }

    private static async Task<ExitCode> RunHereAsync(string command, CancellationToken cancellationToken)
    {
        Terminal.Flush();
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]))!;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private Task<ExitCode> Leave(Arguments arguments)
    {
        IsOver = true;
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<ExitCode> Say(string text)
    {
        Terminal.Out.WriteLine(text);
        return Task.FromResult(ExitCode.Done);
    }
}
