"""What Alembic runs to migrate, within the connection and transaction that it is given."""

from alembic import context

from grader.gradebook.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
