"""What Python programs use: sheets, their derivations and solutions, compiled functions, checked work of others.

`gradsheet` itself offers these names; each is loaded from its module when it is first asked for.
"""
