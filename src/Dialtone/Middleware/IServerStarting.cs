using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>A middleware's object that has something to say or to refuse when its server starts.</summary>
internal interface IServerStarting
{
    void Starting(ILogger logger);
}
