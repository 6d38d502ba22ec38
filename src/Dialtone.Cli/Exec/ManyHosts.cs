using System.Buffers;
using System.Globalization;
using System.Text;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>One command on many servers at once: each line of output behind its host's name, and a table at the end.</summary>
internal static class ManyHosts
{
    private const int DefaultJobs = 16;
    private const int MaxLineBytes = 64 * 1024;

    private static readonly Stream Output = Terminal.OpenOutput();
    private static readonly Stream Errors = Terminal.OpenError();

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
            if (arguments.Has(ExecFlags.Explain))
            {
                (ExitCode code, string words) = ExecCommand.Explain(await client.ExplainAsync(request));
                return new Outcome(host, code, words);
            }

            await using Stream? input = arguments.Has(ExecFlags.Script) ? ExecCommand.OpenInput(arguments, takesInput: false) : null;
            if (arguments.Has(ExecFlags.Json))
            {
                (CommandReport report, string document) = await ExecJson.RunAsync(host, client, request, input);
                Print(document);
                return Of(host, report);
            }

            byte[] prefix = Encoding.UTF8.GetBytes($"{host.PadRight(width)}  ");
            await using var output = new PrefixedLines(prefix, Output);
            await using var error = new PrefixedLines(prefix, Errors);
            return Of(host, await client.RunAsync(request, output, error, input));
        }
        catch (CommandException e)
        {
            return Failed(arguments, host, ExecCommand.CodeOf(e.Reason), e.Message);
        }
        catch (Exception e) when (Failure.Explain(e) is { } explained)
        {
            return Failed(arguments, host, ExitCode.ExecFailed, explained.Message);
        }
    }

    private static Outcome Of(string host, CommandReport report) => new(
        host, (ExitCode)report.ShellStatus, report.Reason == CommandEnd.Finished ? report.Signal ?? (report.LeftProcessesBehind ? "left processes behind" : "") : report.Reason.ToString());

    private static Outcome Failed(Arguments arguments, string host, ExitCode code, string message)
    {
        if (arguments.Has(ExecFlags.Json))
            Print(ExecJson.Failure(host, code, message));
        return new Outcome(host, code, Printable.Of(message));
    }

    private static void Print(string document)
    {
        lock (Output)
            Output.Write(Encoding.UTF8.GetBytes(document + "\n"));
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

    /// <summary>Lines, each behind a prefix, written whole so that hosts do not mix within one; byte for byte, whatever they hold.</summary>
    private sealed class PrefixedLines(byte[] prefix, Stream destination) : WriteOnlyStream
    {
        private readonly ArrayBufferWriter<byte> _line = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                int newline = buffer.IndexOf((byte)'\n');
                int count = Math.Min(newline < 0 ? buffer.Length : newline, MaxLineBytes - _line.WrittenCount);
                _line.Write(buffer[..count]);
                if (count == newline || _line.WrittenCount == MaxLineBytes)
                    EndLine();
                buffer = buffer[(count == newline ? count + 1 : count)..];
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (_line.WrittenCount > 0)
                EndLine();
        }

        private void EndLine()
        {
            byte[] whole = [.. prefix, .. _line.WrittenSpan, (byte)'\n'];
            lock (destination)
                destination.Write(whole);
            _line.ResetWrittenCount();
        }
    }
}
