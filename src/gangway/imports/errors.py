"""What can go wrong with a file of many.

ImportsError
├── NoSuchImport      there is none, or not in this scope
├── ImportMoved       it was started, stopped or discarded in the meantime
├── NothingToImport   no row of it can be imported
├── NotYetAgain       this person has several imports that wait to be started
├── FileRefused       the file as a whole can't be read
│   ├── FileTooLarge, TooManyRows, FileEmpty
│   ├── FileIsSpreadsheet, FileNotText, FileNotTable
│   ├── NoHeader, UnknownColumn, ColumnTwice, ColumnMissing
└── RowError          one row, at one column
    ├── CellMissing, TooManyCells, LooksLikeSecret, TwiceInFile, AnotherDomainAbove, AddressElsewhere
    ├── NoSuchCloud, AnotherCloud
    ├── NotANumber, NotADate, NoSuchLanguage, NoSuchChannel, SeveralCustomers, NoMoreCustomers
    └── KeepsFailing  it was tried several times and never came to an end
"""

from gangway.foundation.errors import GangwayError, WhoActs


class ImportsError(GangwayError):
    """Root of this room's errors."""

    code = "imports:error"
    what = "This can't be done with this import."
    cure = "Go back and try again; if it happens again, tell us."
    acts = WhoActs.OPERATOR


class NoSuchImport(ImportsError):
    """There is no such import where this person may look."""

    code = "imports:import:unknown"
    what = "We can't find this import."
    cure = "Choose it from the list of imports."


class ImportMoved(ImportsError):
    """Somebody else was quicker, or it ended."""

    code = "imports:import:moved"
    what = "This import has changed in the meantime."
    cure = "Look at its page: it says how far it is."


class NothingToImport(ImportsError):
    """Each row has something that can't be right."""

    code = "imports:import:nothing"
    what = "No row of this file can be imported."
    cure = "Mend the rows as they say, and import the file again."


class NotYetAgain(ImportsError):
    """Files that nobody starts hold sealed secrets; one person keeps only a few of them."""

    code = "imports:import:too_many"
    what = "You have several imports that you haven't started yet."
    cure = "Start or discard one of them first."


class FileRefused(ImportsError):
    """The file as a whole can't be read. Nothing of it is kept."""

    code = "imports:file:refused"
    what = "This file can't be read."
    cure = "Fill in the template, and save it as CSV UTF-8."


class FileTooLarge(FileRefused):
    """More bytes than we take."""

    code = "imports:file:too_large"
    what = "This file is larger than 2 MB."
    cure = "Divide it into several files."


class TooManyRows(FileRefused):
    """More rows than we take."""

    code = "imports:file:too_many_rows"
    what = "This file has more than 2,000 rows."
    cure = "Divide it into several files."


class FileEmpty(FileRefused):
    """Nothing in it, or nothing below the names of the columns."""

    code = "imports:file:empty"
    what = "There is no row in this file."
    cure = "Write one service into each row below the names of the columns."


class FileIsSpreadsheet(FileRefused):
    """The program's own format instead of CSV."""

    code = "imports:file:spreadsheet"
    what = "This is a spreadsheet program's own file, not CSV."
    cure = "Open it there and choose Save as, CSV UTF-8."


class FileNotText(FileRefused):
    """Not UTF-8, or no text at all."""

    code = "imports:file:not_text"
    what = "This file isn't text in UTF-8."
    cure = "Save it as CSV UTF-8; in older programs the encoding is chosen while saving."


class FileNotTable(FileRefused):
    """Quotes that don't close, or that stand within a cell."""

    code = "imports:file:not_table"
    what = "This file has a quotation mark that isn't closed, or one in the wrong place."
    cure = "Put a cell with quotation marks in quotation marks, and double those within."


class NoHeader(FileRefused):
    """The first row isn't the names of our columns. What stands there isn't told: it may be a secret."""

    code = "imports:file:no_header"
    what = "The first row must have the names of the columns."
    cure = "Download the template and fill it in below its first row."


class UnknownColumn(FileRefused):
    """A column that means nothing to us: most likely a name typed wrongly."""

    code = "imports:file:unknown_column"
    what = "There is a column that we don't know."
    cure = "Name it as in the template, or take it out."


class ColumnTwice(FileRefused):
    """The same column two times."""

    code = "imports:file:column_twice"
    what = "There is a column twice."
    cure = "Take one of them out."


class ColumnMissing(FileRefused):
    """A column that every row needs."""

    code = "imports:file:column_missing"
    what = "There is a column missing."
    cure = "Add it as in the template. If this is a file of the other kind, choose that above."


class RowError(ImportsError):
    """Root of what one row can have wrong."""

    code = "imports:row:error"
    what = "There is something wrong with this row."
    cure = "Compare it with the template."


class CellMissing(RowError):
    """An empty cell in a column that every row needs."""

    code = "imports:row:cell_missing"
    what = "This is missing."
    cure = "Fill it in."


class TooManyCells(RowError):
    """More cells than columns: most likely a comma without quotation marks around it."""

    code = "imports:row:too_many_cells"
    what = "This row has more cells than there are columns."
    cure = "Put quotation marks around a cell that has a comma or semicolon in it."


class LooksLikeSecret(RowError):
    """A client secret in a column that is shown. It isn't kept."""

    code = "imports:row:secret_elsewhere"
    what = "This looks like a client secret, which belongs into the column secret. It wasn't kept."
    cure = "Look whether the cells of this row have slipped."


class TwiceInFile(RowError):
    """The same short name further up."""

    code = "imports:row:twice"
    what = "A row above has the same short name."
    cure = "Choose another one. Upper and lower case count as the same."


class AnotherDomainAbove(RowError):
    """Of a customer's domains, the first one of the file is written down."""

    code = "imports:row:another_domain"
    what = "A row above names another domain of this customer."
    cure = "Write the same one, or leave this empty."


class AddressElsewhere(RowError):
    """Whoever reads mails there could go on with the link."""

    code = "imports:row:address_elsewhere"
    what = "This address is at none of the domains of this customer."
    cure = "Correct it; or, if such addresses are meant, tick the box about them and read the file again."


class NotANumber(RowError):
    """Licensed users that are no whole number."""

    code = "imports:row:not_a_number"
    what = "This isn't a whole number."
    cure = "Type a whole number from 1 to 500."


class NotADate(RowError):
    """A cell that must be a date and isn't."""

    code = "imports:row:not_a_date"
    what = "This isn't a date."
    cure = "Type a date such as 2027-05-31."


class NoSuchLanguage(RowError):
    """A language that no invitation is written in."""

    code = "imports:row:no_language"
    what = "Invitations can't be written in this language."
    cure = "Write en, de, fr, es or he; or leave it empty for the customer's own."


class NoSuchCloud(RowError):
    """Not one of Microsoft's clouds."""

    code = "imports:row:no_cloud"
    what = "We know no Microsoft cloud of this name."
    cure = "Write Public, GCC High, DoD or 21Vianet; or leave it empty: then a new customer's is the public one."


class AnotherCloud(RowError):
    """A customer's tenants are all in one cloud."""

    code = "imports:row:another_cloud"
    what = "This customer is in another Microsoft cloud, as it is known here or by a row above."
    cure = "Write the same one, or leave this empty."


class NoSuchChannel(RowError):
    """No channel of this name where the person may work."""

    code = "imports:row:no_channel"
    what = "We know no channel of this name."
    cure = "Write its name as in the list of channels, or leave this empty."


class SeveralCustomers(RowError):
    """More than one customer has this name."""

    code = "imports:row:several_customers"
    what = "Several customers have this name."
    cure = "Name its channel as well, or give the customers names of their own."


class NoMoreCustomers(RowError):
    """With the rows above, the channel would have more customers than it may."""

    code = "imports:row:no_more_customers"
    what = "The customer would be a new one, and there may be no more of them here."
    cure = "Have the number of customers raised, or take the row out."


class KeepsFailing(RowError):
    """Something that isn't the row's fault stopped it again and again."""

    code = "imports:row:keeps_failing"
    what = "This row was tried several times and never came to an end."
    cure = "Try it by hand; if that fails as well, tell the people who run Gangway the import's address."
    acts = WhoActs.US
