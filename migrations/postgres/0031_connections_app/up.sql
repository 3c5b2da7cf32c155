-- The members who have connected an app, for when it is taken out of use.
CREATE INDEX connections_app ON connections (app_id, member_id);
