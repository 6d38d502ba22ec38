using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>The shell's commands where a tutorial's own server is spoken to. The current folder is the server's.</summary>
internal sealed class DialectShell : IShell
{
    private readonly DialectShare _share;
    private readonly Verb[] _commands;
    private string _folder = "/";
    private CancellationToken _cancellationToken;

    public DialectShell(DialectShare share)
    {
        _share = share;
        _commands =
        [
            ShellTable.Command("ls", "[PATH]", Doing(arguments => share.ListAsync(PathOf(arguments.Operands.FirstOrDefault() ?? "")))),
            ShellTable.Command("cd", "[FOLDER]", Doing(arguments => EnterAsync(arguments.Operands.FirstOrDefault() ?? "", _cancellationToken))),
            ShellTable.Command("pwd", "", Doing(_ => ShellTable.SayAsync(_folder))),
            ShellTable.Command("lcd", "[FOLDER]", arguments => ShellTable.ChangeHere(arguments.Operands.FirstOrDefault())),
            ShellTable.Command("get", "REMOTE… [LOCAL]", arguments => MoveAsync(arguments, (words, target, view) => share.GetAsync([.. words.Select(PathOf)], target ?? ".", view))),
            ShellTable.Command("put", "LOCAL… [REMOTE]", arguments => MoveAsync(
                arguments, (words, target, view) => share.PutAsync([.. words.SelectMany(RemotePattern.ExpandLocal)], PathOf(target ?? ""), view))),
            ShellTable.Command("rm", "PATH", Doing(arguments => share.Client.RemoveAsync(PathOf(arguments.Operands[0]), _cancellationToken))),
            ShellTable.Command("help", "", Doing(_ => ShellTable.SayAsync(ShellTable.Help(_commands!)))),
            ShellTable.Command("exit", "", Doing(_ => Task.FromResult(IsOver = true))),
            ShellTable.Command("quit", "", Doing(_ => Task.FromResult(IsOver = true))),
        ];
    }

    public bool IsOver { get; private set; }

    public string Prompt => Printable.Of($"{_share.Label}{_folder}") + "> ";

    public IEnumerable<string> CommandNames => _commands.Select(command => command.Name);

    public Task<ExitCode> DoAsync(string line, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        return ShellTable.RunAsync(line, _commands, cancellationToken);
    }

    public async Task<ExitCode> EnterAsync(string text, CancellationToken cancellationToken)
    {
        _folder = await _share.Client.ChangeFolderAsync(PathOf(text), cancellationToken);
        return ExitCode.Done;
    }

    /// <summary>These servers cannot be asked for names that only a person can read.</summary>
    public Task<IReadOnlyList<(string Name, bool IsFolder)>> NamesAsync(string folder, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<(string, bool)>>([]);

    private static string PathOf(string text) => Wildcard.Unescape(text).TrimStart('/');

    private static Func<Arguments, Task<ExitCode>> Doing(Func<Arguments, Task> act) => async arguments =>
    {
        await act(arguments);
        return ExitCode.Done;
    };

    private static async Task<ExitCode> MoveAsync(Arguments arguments, Func<IReadOnlyList<string>, string?, TransferView, Task> move)
    {
        List<string> words = arguments.Operands;
        await using var view = new TransferView(isJson: false, isQuiet: false, TimeProvider.System);
        await move([.. words.Take(Math.Max(1, words.Count - 1))], words.Count > 1 ? Wildcard.Unescape(words[^1]) : null, view);
        return view.Finish();
    }
}
