using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dialtone.Commands;

/// <summary>A frame's header. PROTOCOL.md says which fields belong to which type; absent numbers are 0, unknown fields are ignored.</summary>
internal sealed record CommandFrame
{
    public const string Run = "run", Started = "started", Refused = "refused", Stdin = "stdin", Stdout = "stdout", Stderr = "stderr", Credit = "credit",
        Signal = "signal", Window = "window", Cancel = "cancel", Ended = "ended", Explain = "explain", Explained = "explained",
        Flow = "flow", Attach = "attach", Runs = "runs";

    /// <summary>Bytes of standard output, and of standard error, that may be on their way before the first credit.</summary>
    public const int OutputCredit = 4 * 1024 * 1024;

    /// <summary>The same of standard input.</summary>
    public const int InputCredit = 256 * 1024;

    /// <summary>Longest piece of a stream in one frame.</summary>
    public const int MaxPieceBytes = 1024 * 1024;

    /// <summary>Room for the words of a command.</summary>
    public const int MaxHeaderBytes = 1024 * 1024;

    public static JsonHeaderCodec<CommandFrame> Codec { get; } = Framing.JsonHeader(
        CommandJson.Default.CommandFrame,
        static frame => frame.Size,
        new JsonHeaderOptions { MaxHeaderBytes = MaxHeaderBytes, MaxBodyBytes = MaxPieceBytes, MaxSkippedBytes = MaxPieceBytes });

    public string Type { get; init; } = "";

    /// <summary>The caller's number for the command, 1 or more.</summary>
    public int Id { get; init; }

    /// <summary>Bytes of body behind this header.</summary>
    public int Size { get; init; }

    // flow: what datagrams are sealed with, and where they go
    public string? Session { get; init; }

    public string? Secret { get; init; }

    public int Port { get; init; }

    // run, explain
    public IReadOnlyList<string>? Command { get; init; }

    public string? Line { get; init; }

    public Dictionary<string, string>? Environment { get; init; }

    public string? Folder { get; init; }

    public double? TimeLimit { get; init; }

    public long? OutputLimit { get; init; }

    public TerminalFrame? Terminal { get; init; }

    public bool Keep { get; init; }

    // started, explained, attach
    [JsonPropertyName("run")]
    public string? RunId { get; init; }

    public string? Rule { get; init; }

    public bool Allowed { get; init; }

    // runs
    public IReadOnlyList<KeptFrame>? Kept { get; init; }

    // refused, explained
    public string? Code { get; init; }

    public string? Message { get; init; }

    // stdin
    public bool End { get; init; }

    // credit: how much more of a stream may be sent
    [JsonPropertyName("stdin")]
    public int StdinCredit { get; init; }

    [JsonPropertyName("stdout")]
    public int StdoutCredit { get; init; }

    [JsonPropertyName("stderr")]
    public int StderrCredit { get; init; }

    // signal, and ended by one
    [JsonPropertyName("signal")]
    public string? SignalName { get; init; }

    // ended
    public string? Reason { get; init; }

    public int? Status { get; init; }

    public StreamFrame? Output { get; init; }

    public StreamFrame? Error { get; init; }

    public double? Seconds { get; init; }

    public double? CpuSeconds { get; init; }

    public long MaxMemoryBytes { get; init; }

    public bool LeftProcessesBehind { get; init; }
}

/// <summary>A terminal's size and type.</summary>
internal sealed record TerminalFrame(int Columns, int Rows, string? Type);

/// <summary>A run that is kept.</summary>
internal sealed record KeptFrame(string Run, string Command, double Age, long Bytes, bool Attached, string? Reason, int? Status, string? Signal);

/// <summary>What passed through a stream.</summary>
internal sealed record StreamFrame(long Bytes, string Crc32c);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(CommandFrame))]
internal sealed partial class CommandJson : JsonSerializerContext;
