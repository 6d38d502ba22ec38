using Dialtone.Cli;

return (int)await Tool.RunAsync(args);
