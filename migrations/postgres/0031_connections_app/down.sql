DROP INDEX connections_app;
