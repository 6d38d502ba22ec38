using Microsoft.Extensions.Logging;

namespace Dialtone.Chat;

/// <summary>How a chat is held.</summary>
public sealed record ChatHubOptions
{
    /// <summary>The rooms there are. Default one, open, named <c>lobby</c>.</summary>
    public IReadOnlyList<ChatRoomOptions> Rooms { get; init; } = [new ChatRoomOptions("lobby")];

    /// <summary>The bounds.</summary>
    public ChatLimits Limits { get; init; } = new();

    /// <summary>
    /// A file that keeps what is said in rooms and to and by the operator, as lines of JSON, over restarts. Default none: only what is in memory is remembered.
    /// </summary>
    public string? HistoryFile { get; init; }

    /// <summary>The size at which the file becomes FILE.1 and a new one is begun, in bytes. Default 16 MiB. At least 64 KiB.</summary>
    public long MaxHistoryFileBytes { get; init => field = Check.AtLeast(value, 64 * 1024); } = 16 * 1024 * 1024;

    /// <summary>A file that records who came, left, was refused and was muted, as lines of JSON. Default none.</summary>
    public string? AuditFile { get; init; }

    /// <summary>Whether a name is an account's: only who logged in as that account may carry it. Default none is.</summary>
    public Func<string, bool>? IsAccount { get; init; }

    /// <summary>
    /// Answers a message to the operator at once, on the thread that took it: it must not block. Null leaves the message to the desk. Default: everything is left to the desk.
    /// </summary>
    public Func<ChatMessage, string?>? AnswerAtOnce { get; init; }

    /// <summary>Drives every limit and dates every message. Default the system's clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where log lines go. Default nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
