namespace Dialtone.Commands;

/// <summary>Why a command was not run, or its end is not known.</summary>
public enum CommandError
{
    /// <summary>There is no such program, or no such interpreter. Shells say 127.</summary>
    NotFound,

    /// <summary>The program is there and cannot be run. Shells say 126.</summary>
    NotExecutable,

    /// <summary>The policy does not allow it.</summary>
    NotAllowed,

    /// <summary>The server has as many commands running and waiting as it takes.</summary>
    Busy,

    /// <summary>The server is stopping.</summary>
    Stopping,

    /// <summary>It could not be started for another reason; the message says which.</summary>
    NotStarted,

    /// <summary>The request says something that cannot be done or is out of bounds.</summary>
    BadRequest,

    /// <summary>The audit log cannot be written, so nothing is run.</summary>
    NotAudited,

    /// <summary>There is no kept run of that name, or it is another user's.</summary>
    NoSuchRun,

    /// <summary>Another connection has attached to the run, which goes on.</summary>
    TakenOver,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolBroken,

    /// <summary>The connection ended before the command's end was told.</summary>
    ConnectionLost,

    /// <summary>What arrived is not what the command wrote: the counts or checksums differ.</summary>
    OutputDiffers,

    /// <summary>The policy's file cannot be read or understood.</summary>
    BadPolicy,
}
