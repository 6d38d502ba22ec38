using System.Globalization;
using System.Text.Json;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary><c>dialtone exec --runs</c>: the commands that a server keeps for us.</summary>
internal static class KeptRuns
{
    public static async Task<ExitCode> ListAsync(Arguments arguments, CommandClient client)
    {
        IReadOnlyList<KeptCommand> runs = await client.ListKeptAsync();
        if (arguments.Has(ExecFlags.Json))
        {
            Write(runs);
            return ExitCode.Done;
        }

        foreach (KeptCommand run in runs)
        {
            string age = run.Age.ToString(run.Age.TotalDays < 1 ? @"hh\:mm\:ss" : @"d\d\ hh\:mm\:ss", CultureInfo.InvariantCulture);
            Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.RunId}  {StateOf(run),-12}  {age,8}  {run.OutputBytes,12:n0}  {Printable.Of(run.Command)}"));
        }

        return ExitCode.Done;
    }

    private static string StateOf(KeptCommand run) => run.Report is not { } report
        ? run.IsAttached ? "attached" : "running"
        : report.Reason == CommandEnd.Finished ? string.Create(CultureInfo.InvariantCulture, $"ended {report.ShellStatus}") : report.Reason.ToString();

    private static void Write(IReadOnlyList<KeptCommand> runs)
    {
        using Stream output = Terminal.OpenOutput();
        using var json = new Utf8JsonWriter(output);
        json.WriteStartArray();
        foreach (KeptCommand run in runs)
        {
            json.WriteStartObject();
            json.WriteString("run"u8, run.RunId);
            json.WriteString("command"u8, run.Command);
            json.WriteNumber("ageSeconds"u8, run.Age.TotalSeconds);
            json.WriteNumber("outputBytes"u8, run.OutputBytes);
            json.WriteBoolean("attached"u8, run.IsAttached);
            if (run.Report is { } report)
            {
                json.WriteString("reason"u8, report.Reason.ToString());
                json.WriteNumber("exitCode"u8, report.ShellStatus);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
