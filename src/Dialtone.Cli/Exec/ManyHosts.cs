using System.Globalization;
using System.Text;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>One command on many servers at once: each line of output behind its host's name, and a table at the end.</summary>
internal static class ManyHosts
{
    private const int DefaultJobs = 16;
    private const int MaxLineCharacters = 64 * 1024;

    private sealed record Outcome(string Host, ExitCode Code, string Words);

    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        string[] words = [.. arguments.Operands];
        if (words.Length == 0 && !arguments.Has(ExecFlags.Script))
            throw CliException.Usage("With --on there must be a command: dialtone exec --on FILE -- COMMAND…");
        CommandRequest request = ExecCommand.Request(arguments, words.Length > 0 ? words : ["sh"]);
        string[] hosts = ReadHosts(arguments.Get(ExecFlags.On)!);
        ExecTarget[] targets = [.. hosts.Select(ExecTarget.Read)]; // a mistake in the last line is told before the first is called
        string? password = targets.FirstOrDefault(target => target.User is not null)?.FindPassword(arguments); // one for all, asked once

        using var places = new SemaphoreSlim(arguments.Get(ExecFlags.Jobs, DefaultJobs));
        int width = hosts.Max(host => host.Length);
        Outcome[] outcomes = await Task.WhenAll(targets.Zip(hosts, async (target, host) =>
        {
            await places.WaitAsync();
            try
            {
                return await RunOneAsync(arguments, target, password, host, width, request);
            }
            finally
            {
                places.Release();
            }
        }));

        foreach (Outcome outcome in outcomes)
            Terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outcome.Host.PadRight(width)}  {(int)outcome.Code,3}  {outcome.Words}"));
        return outcomes.Any(outcome => outcome.Code == ExitCode.ExecFailed) ? ExitCode.ExecFailed : outcomes.Max(outcome => outcome.Code);
    }

    private static async Task<Outcome> RunOneAsync(Arguments arguments, ExecTarget target, string? password, string host, int width, CommandRequest request)
    {
        try
        {
            await using CommandClient client = await target.ConnectAsync(arguments, password);
            await using Stream? input = arguments.Has(ExecFlags.Script) ? ExecCommand.OpenInput(arguments, takesInput: false) : null;
            string prefix = $"{host.PadRight(width)}  ";
            await using var output = new PrefixedLines(prefix, Terminal.Out);
            await using var error = new PrefixedLines(prefix, Terminal.Error);
            CommandReport report = await client.RunAsync(request, output, error, input);
            return new Outcome(host, (ExitCode)report.ShellStatus, report.Reason == CommandEnd.Finished ? report.Signal ?? "" : report.Reason.ToString());
        }
        catch (CommandException e)
        {
            return new Outcome(host, e.Reason switch
            {
                CommandError.NotFound => (ExitCode)127,
                CommandError.NotExecutable or CommandError.NotAllowed => (ExitCode)126,
                _ => ExitCode.ExecFailed,
            }, Printable.Of(e.Message));
        }
        catch (Exception e) when (Failure.Explain(e) is { } explained)
        {
            return new Outcome(host, ExitCode.ExecFailed, Printable.Of(explained.Message));
        }
    }

    // file = *( [address] [ "#" note ] LF )
    private static string[] ReadHosts(string path)
    {
        try
        {
            string[] hosts = [.. File.ReadLines(path).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0)];
            return hosts.Length > 0 ? hosts : throw CliException.Usage($"There is no address in {path}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Files, $"{path} cannot be read: {e.Message}");
        }
    }

    /// <summary>Lines, each behind a prefix, written whole so that hosts do not mix within one.</summary>
    private sealed class PrefixedLines(string prefix, TextWriter writer) : WriteOnlyStream
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly StringBuilder _line = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            var letters = new char[_decoder.GetCharCount(buffer, flush: false)];
            int count = _decoder.GetChars(buffer, letters, flush: false);
            foreach (char letter in letters.AsSpan(0, count))
            {
                if (letter != '\n')
                    _line.Append(letter);
                if (letter == '\n' || _line.Length >= MaxLineCharacters)
                    EndLine();
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (_line.Length > 0)
                EndLine();
        }

        private void EndLine()
        {
            lock (writer)
            {
                writer.WriteLine(prefix + _line);
                writer.Flush();
            }

            _line.Clear();
        }
    }
}
