namespace Dialtone.Commands;

/// <summary>Why a command ended.</summary>
public enum CommandEnd
{
    /// <summary>By itself, or by a signal that somebody sent.</summary>
    Finished,

    /// <summary>It ran longer than <see cref="CommandLimits.Time"/>.</summary>
    TimeLimit,

    /// <summary>It used more processor time than <see cref="CommandLimits.CpuTime"/>.</summary>
    CpuLimit,

    /// <summary>It wrote more than <see cref="CommandLimits.OutputBytes"/>.</summary>
    OutputLimit,

    /// <summary>It had more processes than <see cref="CommandLimits.Processes"/>.</summary>
    ProcessLimit,

    /// <summary>It wanted more memory than <see cref="CommandLimits.MemoryBytes"/>.</summary>
    MemoryLimit,

    /// <summary>The caller left.</summary>
    CallerLeft,

    /// <summary>The caller cancelled it.</summary>
    Cancelled,

    /// <summary>The server stopped.</summary>
    ServerStopping,
}
