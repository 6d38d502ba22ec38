using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>One command as one JSON document.</summary>
internal static class ExecJson
{
    private const int MaxKeptBytes = 64 * 1024 * 1024; // of both streams together: a document is held whole

    public static async Task<ExitCode> RunAsync(Arguments arguments, CommandClient client, CommandRequest request)
    {
        await using Stream? input = ExecCommand.OpenInput(arguments, takesInput: !arguments.Has(ExecFlags.NoInput));
        (CommandReport report, string document) = await RunAsync(arguments.Operands[0], client, request, input);
        Terminal.Out.WriteLine(document);
        return (ExitCode)report.ShellStatus;
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>How it ended, and the document: one line.</returns>
    public static async Task<(CommandReport Report, string Document)> RunAsync(string address, CommandClient client, CommandRequest request, Stream? input)
    {
        using var output = new MemoryStream();
        using var error = new MemoryStream();
        CommandReport report = await client.RunAsync(request with { OutputLimit = MaxKeptBytes }, output, error, input);
        return (report, Document(address, request, report, output, error));
    }

    /// <summary>The document of a command whose end is not known.</summary>
    public static string Failure(string address, ExitCode code, string message)
    {
        using var whole = new MemoryStream();
        using (var json = new Utf8JsonWriter(whole))
        {
            json.WriteStartObject();
            json.WriteString("address"u8, address);
            json.WriteNumber("exitCode"u8, (int)code);
            json.WriteString("error"u8, message);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
    }

    private static string Document(string address, CommandRequest request, CommandReport report, MemoryStream output, MemoryStream error)
    {
        using var whole = new MemoryStream();
        using (var json = new Utf8JsonWriter(whole))
        {
            json.WriteStartObject();
            json.WriteString("address"u8, address);
            json.WriteStartArray("command"u8);
            foreach (string word in request.Line is { } line ? [line] : request.Command)
                json.WriteStringValue(word);
            json.WriteEndArray();
            json.WriteString("reason"u8, report.Reason.ToString());
            json.WriteNumber("exitCode"u8, report.ShellStatus);
            if (report.Status is { } status)
                json.WriteNumber("status"u8, status);
            if (report.Signal is { } signal)
                json.WriteString("signal"u8, signal);
            json.WriteNumber("seconds"u8, report.Duration.TotalSeconds);
            json.WriteNumber("cpuSeconds"u8, report.CpuTime.TotalSeconds);
            if (report.MaxMemoryBytes > 0)
                json.WriteNumber("maxMemoryBytes"u8, report.MaxMemoryBytes);
            json.WriteBoolean("leftProcessesBehind"u8, report.LeftProcessesBehind);
            Write(json, "stdout", output, report.Output);
            Write(json, "stderr", error, report.Error);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
    }

    /// <summary>As text where it is UTF-8, otherwise in base64.</summary>
    private static void Write(Utf8JsonWriter json, string name, MemoryStream content, StreamReport report)
    {
        ReadOnlySpan<byte> bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
        json.WriteNumber($"{name}Bytes", report.Bytes);
        if (Utf8.IsValid(bytes))
            json.WriteString(name, bytes);
        else
            json.WriteBase64String($"{name}Base64", bytes);
    }
}
