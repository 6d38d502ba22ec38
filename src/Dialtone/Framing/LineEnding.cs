namespace Dialtone;

/// <summary>How a line is ended when it is written. Both endings are accepted when reading.</summary>
public enum LineEnding
{
    /// <summary>One byte, <c>\n</c>.</summary>
    Lf,

    /// <summary>Two bytes, <c>\r\n</c>, as the older Internet protocols ask.</summary>
    CrLf,
}
